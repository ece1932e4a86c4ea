/** The demo's switches: break a part on purpose and watch what the system makes of it. */

import { api } from "shared/api.js";
import { config } from "shared/config.js";
import { clock, number } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { usePageTitle } from "shared/router.js";
import { Badge, Empty, Fault, Skeleton } from "shared/ui.js";

import { Dot, duration } from "./parts.js";
import { usePolled } from "./polling.js";

const SECONDS = 1;

export function DemoPage() {
  usePageTitle("Demo · Monitor");
  const state = usePolled("/demo", {}, SECONDS);
  const overview = usePolled("/overview", {}, SECONDS).data;
  const [fault, setFault] = useState(null);
  const act = async (path, body) => {
    const outcome = await api.post("monitor", path, body).then(() => null, (error) => error);
    setFault(outcome);
    state.reload();
  };
  const error = fault ?? state.error;
  return html`
    <h1 tabindex="-1">Break something</h1>
    <p class="muted">
      Place a few orders in <a href=${config.storefront}>the shop</a>, break a part, and watch:
      nothing is lost, nothing is done twice.
    </p>
    ${error && html`<${Fault} error=${error} />`}
    ${!state.data && !error && html`<${Skeleton} rows=${4} />`}
    ${state.data &&
    html`
      ${overview && html`<${Now} overview=${overview} />`}
      <${Cards} state=${state.data} act=${act} />
      <h2 class="spaced">What the system does about it</h2>
      <${Notes} notes=${state.data.notes} />
    `}
  `;
}

function Now({ overview }) {
  const { lag, deadLetters, audit, status } = overview;
  const tone = { up: "good", behind: "warn", down: "bad" }[status];
  const ill = overview.parts.filter((part) => part.status !== "up").map((part) => part.name);
  const since = lag.messages ? ` for ${duration(lag.seconds)}` : "";
  return html`
    <p class="now" role="status">
      <span><${Dot} tone=${tone} label=${status} /> ${ill.join(", ") || "All parts up"}</span>
      <span>${number(lag.messages)} waiting${since}</span>
      <span>${number(deadLetters.total)} dead letters</span>
      <span>audit ${audit?.holds === false ? "does not add up" : "adds up"}</span>
    </p>
  `;
}

function Cards({ state, act }) {
  const away = state.storeAwaySeconds > 0;
  const left = `away, ${Math.ceil(state.storeAwaySeconds)} s left`;
  return html`
    <div class="switches">
      <${Switch}
        title="Products consumer"
        told="Stopped, requests for stock wait in the log; orders are taken all the same."
        badge=${state.consumerRuns ? ["good", "running"] : ["bad", "stopped"]}
        action=${state.consumerRuns ? "Stop it" : "Start it"}
        act=${() => act("/demo/consumer", { on: !state.consumerRuns })}
      />
      <${Switch}
        title="Push channel"
        told="Cut, browsers lose their live connection. They come back and read the truth again."
        badge=${state.pushesFlow ? ["good", "open"] : ["bad", "cut"]}
        action=${state.pushesFlow ? "Cut it" : "Join it"}
        act=${() => act("/demo/pushes", { on: !state.pushesFlow })}
      />
      <${Switch}
        title="Delivery"
        told="The last hundred requests come once more, byte for byte. No unit may move twice."
        action="Deliver again"
        act=${() => act("/demo/redeliver", {})}
      />
      <${Switch}
        title="Stock store"
        told="Away for ten seconds: nothing is committed, nothing gives up, all goes on after."
        badge=${away ? ["bad", left] : ["good", "there"]}
        action="Take it away"
        disabled=${away}
        act=${() => act("/demo/outage", {})}
      />
    </div>
  `;
}

const Switch = ({ title, told, badge, action, act, disabled = false }) => html`
  <section class="card switch" aria-label=${title}>
    <div class="head">
      <h2>${title}</h2>
      ${badge && html`<${Badge} tone=${badge[0]}>${badge[1]}<//>`}
    </div>
    <p>${told}</p>
    <button type="button" class="quiet" disabled=${disabled} onClick=${act}>${action}</button>
  </section>
`;

function Notes({ notes }) {
  if (!notes.length) return html`<${Empty} title="Nothing was broken yet" />`;
  return html`
    <div role="log" aria-label="What happened">
      <ol class="notes">
        ${notes.map(
          (note) => html`
            <li key=${note.at + note.text} data-tone=${toneOf(note)}>
              <time datetime=${note.at}>${clock(note.at)}</time>
              <span>${note.text}</span>
            </li>
          `,
        )}
      </ol>
    </div>
  `;
}

const toneOf = ({ isGood }) => (isGood === null ? "info" : isGood ? "good" : "bad");
