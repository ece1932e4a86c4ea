/** A small chart: uPlot in the colours of the page, as wide as its place. */

import uPlot from "uplot";

import { html, useEffect, useRef } from "shared/html.js";

const HEIGHT = 160;
const CLOCK = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

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
  return html`
    <div class="chart" role="img" aria-label=${label} ref=${place}></div>
    ${series.length > 1 && html`<${Legend} series=${series} />`}
  `;
}

const Legend = ({ series }) => html`
  <ul class="legend">
    ${series.map(
      ({ label, colour = "accent" }) => html`
        <li key=${label} style=${{ "--key": `var(--${colour})` }}>${label}</li>
      `,
    )}
  </ul>
`;

const dataOf = (times, series) => [times, ...series.map((one) => one.values)];

/** Half a bar more on both sides, so that the outer ones are whole. */
function aroundBars(chart, low, high) {
  const [first, second] = chart.data[0];
  const half = second ? (second - first) / 2 : 1;
  return [low - half, high + half];
}

const clockOf = (seconds) => CLOCK.format(new Date(seconds * 1000));

function optionsOf(series, { width, height, format }) {
  const bars = series.some((one) => one.bars);
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
    legend: { show: false },
    scales: {
      x: { range: bars ? aroundBars : undefined },
      y: { range: (_, __, high) => [0, Math.max(high * 1.15, 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 60, values: (_, splits) => splits.map(clockOf) },
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
