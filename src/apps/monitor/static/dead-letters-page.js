/** Dead letters by state and reason; one, some or all of them can be sent back. */

import { part } from "shared/api.js";
import { ago, count, number } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { setQuery, usePageTitle } from "shared/router.js";
import { Badge, Empty, Fault, Pager, Skeleton } from "shared/ui.js";

import { OrderLink } from "./parts.js";
import { usePolled } from "./polling.js";
import { RedriveDialog } from "./redrive-dialog.js";

const LIMIT = 50;
const STATES = [
  [undefined, "open"],
  ["sent_back", "sent back"],
  ["any", "both"],
];
export const reasonWords = (reason) => reason.replaceAll("_", " ");

export function DeadLettersPage({ query }) {
  usePageTitle("Dead letters · Monitor");
  const given = (name) => query.get(name) ?? undefined;
  const filter = { reason: given("reason"), order: given("order") };
  const state = given("state");
  const page = given("page");
  const found = usePolled("/dead-letters", { ...filter, state, page, limit: LIMIT }, 3);
  const reasons = usePolled("/dead-letters", { state, limit: 1 }, 3).data?.reasons ?? [];
  const [chosen, setChosen] = useState(new Set());
  const [redrive, setRedrive] = useState(null);
  const letters = found.data?.deadLetters;
  const close = () => {
    setRedrive(null);
    setChosen(new Set());
    found.reload();
  };
  return html`
    <h1 tabindex="-1">Dead letters</h1>
    <p class="muted">
      Messages that could not be processed, kept byte for byte with the reason. Sent back, they are
      tried again under the same id; what is done already is never done twice.
    </p>
    ${found.error && html`<${Fault} error=${found.error} retry=${found.reload} />`}
    <${States} chosen=${state} />
    ${found.data?.isComplete === false &&
    html`<p class="muted" role="status">Older ones are still being read …</p>`}
    ${reasons.length > 0 && html`<${Reasons} reasons=${reasons} chosen=${filter.reason} />`}
    ${!letters && !found.error && html`<${Skeleton} rows=${4} />`}
    ${letters?.length === 0 &&
    html`<${Empty} title="No dead letters"><p>${NOTHING[state ?? ""]}</p><//>`}
    ${letters?.length > 0 &&
    html`
      <${Tools}
        total=${state ? 0 : found.meta.total}
        chosen=${chosen}
        filter=${filter}
        open=${setRedrive}
      />
      <ul class="letters">
        ${letters.map(
          (letter) => html`
            <${Letter} key=${letter.id} letter=${letter} chosen=${chosen} choose=${setChosen} />
          `,
        )}
      </ul>
      <${Pager} meta=${found.meta} go=${(number) => setQuery({ page: number })} />
    `}
    ${redrive && html`<${RedriveDialog} ...${redrive} close=${close} />`}
  `;
}

const NOTHING = {
  "": "Every message has come to a good end, or was sent back.",
  sent_back: "None was sent back.",
  any: "Every message has come to a good end.",
};

const States = ({ chosen }) => html`
  <div class="chips" role="group" aria-label="State">
    <span class="chips-label" aria-hidden="true">State</span>
    ${STATES.map(
      ([state, label]) => html`
        <button
          type="button"
          key=${label}
          class="chip"
          aria-pressed=${state === chosen}
          onClick=${() => setQuery({ state, reason: undefined })}
        >
          ${label}
        </button>
      `,
    )}
  </div>
`;

function Reasons({ reasons, chosen }) {
  const all = reasons.reduce((sum, one) => sum + one.count, 0);
  const chips = [{ reason: undefined, count: all }, ...reasons];
  return html`
    <div class="chips" role="group" aria-label="Reason">
      <span class="chips-label" aria-hidden="true">Reason</span>
      ${chips.map(
        (one) => html`
          <button
            type="button"
            key=${one.reason ?? ""}
            class="chip"
            aria-pressed=${one.reason === chosen}
            onClick=${() => setQuery({ reason: one.reason })}
          >
            ${one.reason ? reasonWords(one.reason) : "all"}
            <span class="number">${number(one.count)}</span>
          </button>
        `,
      )}
    </div>
  `;
}

function Tools({ total, chosen, filter, open }) {
  const letters = count(chosen.size, "dead letter");
  const some = { body: { ids: [...chosen] }, title: `Send back ${letters}` };
  const all = { body: { filter: plain(filter) }, title: `Send back all ${number(total)}` };
  return html`
    <div class="actions tools">
      <button type="button" disabled=${!chosen.size} onClick=${() => open(some)}>
        Send back ${chosen.size || ""} chosen …
      </button>
      ${total > 0 &&
      html`
        <button type="button" class="quiet" onClick=${() => open(all)}>
          Send back all ${number(total)}${filter.reason ? " of this reason" : ""} …
        </button>
      `}
    </div>
  `;
}

const plain = (filter) =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));

function Letter({ letter, chosen, choose }) {
  const toggle = (event) => {
    const next = new Set(chosen);
    next[event.target.checked ? "add" : "delete"](letter.id);
    choose(next);
  };
  return html`
    <li class="letter">
      <input
        type="checkbox"
        aria-label=${`Choose ${letter.id}`}
        checked=${chosen.has(letter.id)}
        onChange=${toggle}
      />
      <div>
        <p class="letter-head">
          <a href=${`/dead-letters/${part(letter.id)}`}>${reasonWords(letter.reason)}</a>
          <${Badge}>${letter.topic}<//>
          ${letter.redrives > 0 && html`<${Badge} tone="info">failed again, ${letter.redrives} ×<//>`}
          ${letter.isOpen === false && html`<${Badge} tone="good">sent back<//>`}
          <time datetime=${letter.lastFailureAt}>${ago(letter.lastFailureAt)}</time>
        </p>
        <p>${letter.message}</p>
        ${letter.orderId && html`<small>Order <${OrderLink} id=${letter.orderId} /></small>`}
      </div>
    </li>
  `;
}
