/** Small parts of the monitor's pages. */

import { part } from "shared/api.js";
import { clock, number } from "shared/format.js";
import { html } from "shared/html.js";

/** A time with its milliseconds, since much happens within a second. */
export const exact = (time) => `${clock(time)}.${new Date(time).toISOString().slice(20, 23)}`;

/** `0.4 s`, `12 s`, `3 min`. */
export function duration(seconds) {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** How something is, as a dot with a word for whoever does not see colours. */
export const Dot = ({ tone, label }) =>
  html`<span class="dot" data-tone=${tone} role="img" aria-label=${label}></span>`;

/** One number that tells much, with what it means. */
export function Tile({ label, value, tone, href, children }) {
  const inside = html`
    <span class="tile-label">${label}</span>
    <span class="tile-value">${value}</span>
    <small>${children}</small>
  `;
  if (!href) return html`<div class="tile" data-tone=${tone}>${inside}</div>`;
  return html`<a class="tile" data-tone=${tone} href=${href}>${inside}</a>`;
}

/** A table that scrolls by itself where the page is narrow, by keyboard as well. */
export const Table = ({ label, head, children }) => html`
  <div class="table" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead>
        <tr>
          ${head.map((one) => {
            const [text, side = ""] = [one].flat();
            return html`<th key=${text} scope="col" class=${side}>${text}</th>`;
          })}
        </tr>
      </thead>
      <tbody>
        ${children}
      </tbody>
    </table>
  </div>
`;

/** How many messages a group, or all groups, have not read; "–" where nobody reads. */
export function Lag({ lag }) {
  const lags = Object.values(lag);
  if (!lags.length) return html`<span class="muted" title="Nobody consumes it">–</span>`;
  const sum = Math.max(...lags);
  const tone = sum ? "warn" : "good";
  return html`
    <span class="lag">${number(sum)} <${Dot} tone=${tone} label=${sum ? "behind" : "read"} /></span>
  `;
}

/** Headers of a message as a table of two columns. */
export const Headers = ({ headers }) => html`
  <dl class="facts">
    ${headers.map(
      ({ name, value }, place) => html`
        <div key=${place}><dt>${name}</dt><dd class="mono">${value}</dd></div>
      `,
    )}
  </dl>
`;

/** What a message holds: JSON laid out, or whatever else it is, as text. */
export function Content({ message }) {
  const text = "value" in message ? JSON.stringify(message.value, null, 2) : message.text;
  return html`
    <pre class="content" tabindex="0">${text ?? "Nothing: the value is null."}</pre>
    ${!message.isWhole &&
    html`<small>${number(message.size)} bytes, only the first are shown.</small>`}
  `;
}

export const storyHref = (orderId) => `/story/${part(orderId)}`;
export const OrderLink = ({ id }) => html`<a class="mono" href=${storyHref(id)}>${id}</a>`;

/** What happened, by the message's own name. */
export function eventType(message) {
  const named = message.headers.find((one) => one.name === "event-type");
  return named?.value ?? message.value?.eventType ?? "";
}

/** The order that a message is about, as far as it tells. */
export const orderOf = (message) =>
  typeof message.value?.orderId === "string" ? message.value.orderId : null;
