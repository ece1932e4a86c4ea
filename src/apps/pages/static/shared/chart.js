/** A small chart: uPlot in the colours of the page, as wide as its place. */

import uPlot from "uplot";

import { html, useEffect, useRef } from "shared/html.js";

const HEIGHT = 160;
const MINUTES = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const CLOCK = new Intl.DateTimeFormat("en", MINUTES);
const EXACT_CLOCK = new Intl.DateTimeFormat("en", { ...MINUTES, second: "2-digit" });
/** Steps between the lines of what is counted. */
const WHOLE_STEPS = [0, 1, 2, 3, 4, 5, 6].flatMap((zeros) =>
  [1, 2, 5].map((step) => step * 10 ** zeros),
);

/**
 * @param {{label: string, times: number[], series: {label: string, values: number[],
 *   colour?: string, bars?: boolean}[], height?: number, format?: (value: number) => string,
 *   whole?: boolean}} props
 *   *times* in seconds since 1970; *colour* is the name of a token in tokens.css, such as `accent`;
 *   *whole*: there are no halves of what is counted
 */
export function Chart({ label, times, series, height = HEIGHT, format = String, whole = false }) {
  const place = useRef();
  const chart = useRef();
  const shape = series.map((one) => `${one.label}/${one.colour}/${one.bars}`).join();

  useEffect(() => {
    const width = place.current.clientWidth;
    const options = optionsOf(series, { width, height, format, whole });
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

/** With seconds where two would read the same without. */
function clocksOf(splits) {
  const times = splits.map((seconds) => new Date(seconds * 1000));
  const told = times.map((time) => CLOCK.format(time));
  return new Set(told).size === told.length ? told : times.map((time) => EXACT_CLOCK.format(time));
}

function optionsOf(series, { width, height, format, whole }) {
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
    // On the right there is room for half a label.
    padding: [8, 26, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    legend: { show: false },
    scales: {
      x: { range: bars ? aroundBars : undefined },
      y: { range: (_, __, high) => [0, Math.max(high * 1.15, 1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 72,
        values: (_, splits) => clocksOf(splits),
      },
      {
        ...axis,
        size: 44,
        values: (_, splits) => splits.map(format),
        ...(whole && { incrs: WHOLE_STEPS }),
      },
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
