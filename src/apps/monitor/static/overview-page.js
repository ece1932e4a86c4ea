/** Overview: is all well? And if not, where. */

import { ago, count, number } from "shared/format.js";
import { Chart } from "shared/chart.js";
import { html } from "shared/html.js";
import { usePageTitle } from "shared/router.js";
import { Fault, Skeleton } from "shared/ui.js";

import { Dot, Tile, duration } from "./parts.js";
import { ratesOf, secondsOf, usePolled, useSamples } from "./polling.js";

const WORDS = {
  up: ["good", "All is well", "Every part answers and nothing waits long."],
  behind: ["warn", "Something is behind", "Nothing is lost: it waits in the log."],
  down: ["bad", "Something is down", "What was accepted is kept, and goes on when it is back."],
};
const KINDS = { service: "Service", worker: "Worker", group: "Consumer group", store: "Store" };

export function OverviewPage() {
  usePageTitle("Overview · Monitor");
  const { data, error, reload } = usePolled("/overview");
  return html`
    <h1 tabindex="-1" class="unseen">Overview</h1>
    ${error && html`<${Fault} error=${error} retry=${reload} />`}
    ${data ? html`<${Overview} data=${data} />` : !error && html`<${Skeleton} rows=${4} />`}
  `;
}

const Overview = ({ data }) => html`
  <${Verdict} data=${data} />
  <${Numbers} data=${data} />
  <${Charts} />
  <section class="card">
    <h2>Parts</h2>
    <${Parts} parts=${data.parts} />
  </section>
`;

function Verdict({ data }) {
  const [tone, title, sentence] = WORDS[data.status];
  const ill = data.parts.filter((part) => part.status !== "up").map((part) => part.name);
  return html`
    <section class="verdict" data-tone=${tone} role="status">
      <${Dot} tone=${tone} label=${data.status} />
      <div>
        <p class="verdict-title">${title}${ill.length ? `: ${ill.join(", ")}` : ""}</p>
        <p>${sentence}</p>
      </div>
    </section>
  `;
}

function Numbers({ data }) {
  const { lag, deadLetters, audit } = data;
  return html`
    <div class="tiles">
      <${Tile} label="Orders a second" value=${number(data.ordersPerSecond)}>
        ${count(data.orders, "order")} so far, ${number(data.recordsPerSecond)} messages/s
      <//>
      <${Tile}
        label="Waiting messages"
        value=${number(lag.messages)}
        tone=${lag.seconds > 5 ? "warn" : undefined}
        href="/groups"
      >
        ${lag.messages ? `the oldest for ${duration(lag.seconds)}` : "everything is read"}
      <//>
      <${Tile}
        label="Open dead letters"
        value=${deadLetters.open === null ? "?" : number(deadLetters.open)}
        tone=${deadLetters.recent ? "warn" : undefined}
        href="/dead-letters"
      >
        ${deadLetters.recent ? `${number(deadLetters.recent)} in the last 10 min` : "none lately"}
      <//>
      <${Tile} ...${auditTile(audit)} label="Audit" href="/audit" />
    </div>
  `;
}

function auditTile(audit) {
  if (!audit) return { value: "…", children: "has not run yet" };
  const told = `${count(audit.productCount, "product")}, ${ago(audit.at)}`;
  if (audit.holds) return { value: "Adds up", tone: "good", children: told };
  return { value: count(audit.differenceCount, "fault"), tone: "bad", children: told };
}

function Charts() {
  const samples = useSamples();
  if (samples.length < 3) return null;
  const times = samples.map((one) => secondsOf(one.at));
  const lag = samples.map((one) => sumOf(Object.values(one.groups), "messages"));
  return html`
    <div class="two">
      <section class="card">
        <h2>Orders a second</h2>
        <${Chart}
          label="Orders a second over the last half hour"
          times=${times}
          series=${[{ label: "orders/s", values: ratesOf(samples, "orders") }]}
        />
      </section>
      <section class="card">
        <h2>Waiting messages</h2>
        <${Chart}
          label="Messages that wait, over the last half hour"
          times=${times}
          series=${[{ label: "messages", values: lag, colour: "warn" }]}
          whole
        />
      </section>
    </div>
  `;
}

const sumOf = (items, name) => items.reduce((sum, item) => sum + item[name], 0);

const Parts = ({ parts }) => html`
  <ul class="parts">
    ${parts.map(
      (part) => html`
        <li key=${part.name} data-tone=${WORDS[part.status][0]}>
          <${Dot} tone=${WORDS[part.status][0]} label=${part.status} />
          <span><strong>${part.name}</strong><small>${toldOf(part)}</small></span>
        </li>
      `,
    )}
  </ul>
`;

/** What kind of part it is, and how: `Worker: runs.` */
function toldOf({ kind, detail }) {
  const label = KINDS[kind];
  return label ? `${label}: ${detail[0].toLowerCase()}${detail.slice(1)}` : detail;
}
