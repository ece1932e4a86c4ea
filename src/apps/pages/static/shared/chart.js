/** A small chart: uPlot in the colours of the page, as wide as its place. */

import uPlot from "uplot";

import { html, useEffect, useRef } from "shared/html.js";

const HEIGHT = 160;

/**
 * @param {{label: string, times: number[], series: {label: string, values: number[],
 *   colour?: string, bars?: boolean}[], height?: number, format?: (value: number) => string}} props
 *   *times* in seconds since 1970; *colour* is the name of a token in tokens.css, such as `accent`
 */
export function Chart({ label, times, series, height = HEIGHT, format = String }) {
  const place = useRef();
  const chart = useRef();
  const shape = series.map((one) => `${one.label}/${one.colour}/${one.bars}`).join();

  useEffect(() => {
    const width = place.current.clientWidth;
    const options = optionsOf(series, { width, height, format });
    chart.current = new uPlot(options, dataOf(times, series), place.current);
    const fit = new ResizeObserver(() =>
      chart.current?.setSize({ width: place.current.clientWidth, height }),
    );
    fit.observe(place.current);
    return () => {
      fit.disconnect();
      chart.current.destroy();
      chart.current = null;
    };
  }, [shape, height]);

  useEffect(() => chart.current?.setData(dataOf(times, series)), [times, series]);
  return html`<div class="chart" role="img" aria-label=${label} ref=${place}></div>`;
}

const dataOf = (times, series) => [times, ...series.map((one) => one.values)];

function optionsOf(series, { width, height, format }) {
  const axis = {
    stroke: () => token("muted"),
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: () => token("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    legend: { show: series.length > 1 },
    scales: { y: { range: (_, __, high) => [0, Math.max(high * 1.15, 1)] } },
    axes: [
      { ...axis, grid: { show: false } },
      { ...axis, size: 44, values: (_, splits) => splits.map(format) },
    ],
    series: [{}, ...series.map(seriesOf)],
  };
}

function seriesOf({ label, colour = "accent", bars = false }) {
  return {
    label,
    stroke: () => token(colour),
    fill: () => `color-mix(in srgb, ${token(colour)} ${bars ? 55 : 12}%, transparent)`,
    width: bars ? 0 : 2,
    points: { show: false },
    ...(bars && { paths: uPlot.paths.bars({ size: [0.7, 40], radius: 0.2 }) }),
  };
}

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
