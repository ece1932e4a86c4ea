/** One thing that happened to an order, in words, with its details at hand. */

import { part } from "shared/api.js";
import { count, number } from "shared/format.js";
import { html } from "shared/html.js";
import { changeWords } from "shared/orders.js";
import { Badge } from "shared/ui.js";

import { Content, Headers, duration, exact } from "./parts.js";

const TITLES = {
  call: () => "A call over HTTP",
  history: ({ history }) => `Order: ${changeWords(history).toLowerCase()}`,
  record: ({ title }) => title,
  movement: ({ movement }) => `Stock: ${movement.kind.replace("_", " ")} ${movement.qty}`,
  push: ({ push }) => `Pushed ${push.event}`,
  deadLetter: ({ letter }) => `Dead letter: ${letter.reason.replaceAll("_", " ")}`,
};
const DETAILS = {
  call: Call,
  history: Change,
  record: Message,
  movement: Moved,
  push: Pushed,
  deadLetter: Letter,
};

export function StoryEntry({ entry, start }) {
  const Details = DETAILS[entry.kind];
  const since = (Date.parse(entry.at) - start) / 1000;
  return html`
    <li class="entry" data-kind=${entry.kind}>
      <span class="mark" data-kind=${entry.kind} aria-hidden="true"></span>
      <span class="entry-when">
        <time datetime=${entry.at}>${exact(entry.at)}</time>
        <small>${since ? `+${sinceText(since)}` : "start"}</small>
      </span>
      <div class="entry-what">
        <strong>${TITLES[entry.kind](entry)}</strong>
        <${Details} ...${entry} />
      </div>
    </li>
  `;
}

const sinceText = (seconds) =>
  seconds < 1 ? `${Math.round(seconds * 1000)} ms` : duration(seconds);

function Call({ call }) {
  return html`<p>Request <span class="mono">${call.requestId}</span></p>`;
}

function Change({ history }) {
  return html`<p>by ${history.actor}${history.reason ? `: ${history.reason}` : ""}</p>`;
}

function Message({ record }) {
  return html`
    <p>
      <a href=${`/topics/${part(record.topic)}`}>${record.topic}</a>, partition${" "}
      ${record.partition}, offset ${number(record.offset)}
    </p>
    <details>
      <summary>Message</summary>
      <${Content} message=${record} />
      <${Headers} headers=${record.headers} />
    </details>
  `;
}

function Moved({ movement }) {
  return html`
    <p>
      <a href=${`/audit?search=${part(movement.productId)}`}>${movement.productId}</a>: then${" "}
      ${number(movement.balance)} in stock and ${number(movement.reserved)} reserved
    </p>
  `;
}

function Pushed({ push }) {
  return html`
    <p>
      to ${push.rooms.join(", ")}${" "}
      ${!push.reached && html`<${Badge} tone="warn">channel was cut<//>`}
    </p>
    ${push.message && html`<p class="muted">${push.message}</p>`}
  `;
}

function Letter({ letter }) {
  return html`
    <p>${letter.message}</p>
    <p>
      after ${count(letter.attempts, "attempt")}, first failed at${" "}
      ${exact(letter.firstFailureAt)}:${" "}
      <a href=${`/dead-letters/${part(letter.id)}`}>look at it</a>
    </p>
  `;
}
