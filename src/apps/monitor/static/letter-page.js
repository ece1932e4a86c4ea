/** One dead letter: why, from where, and byte for byte what. */

import { part } from "shared/api.js";
import { count, moment } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { usePageTitle } from "shared/router.js";
import { Fault, Note, Skeleton } from "shared/ui.js";

import { reasonWords } from "./dead-letters-page.js";
import { Content, Headers, OrderLink, exact } from "./parts.js";
import { usePolled } from "./polling.js";
import { RedriveDialog } from "./redrive-dialog.js";

export function LetterPage({ id }) {
  usePageTitle("Dead letter · Monitor");
  const { data, error, reload } = usePolled(`/dead-letters/${part(id)}`, {}, 0);
  return html`
    <p class="crumbs"><a href="/dead-letters">Dead letters</a></p>
    ${error && html`<h1 tabindex="-1">Dead letter</h1><${Fault} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} />`}
    ${data && html`<${Letter} letter=${data.deadLetter} />`}
  `;
}

function Letter({ letter }) {
  const [open, setOpen] = useState(false);
  return html`
    <div class="head">
      <h1 tabindex="-1">${title(letter)}</h1>
      <button type="button" onClick=${() => setOpen(true)}>Send back …</button>
    </div>
    ${letter.isOpen === false &&
    html`<${Note} tone="good"><p>It was sent back since. See its order for what followed.</p><//>`}
    <section class="card">
      <p class="lead">${letter.message}</p>
      <${Facts} letter=${letter} />
    </section>
    <section class="card">
      <h2>Value</h2>
      <${Content} message=${letter.record} />
    </section>
    <section class="card">
      <h2>Headers</h2>
      <${Headers} headers=${letter.record.headers} />
    </section>
    ${open &&
    html`
      <${RedriveDialog}
        title="Send back this dead letter"
        body=${{ ids: [letter.id] }}
        close=${() => setOpen(false)}
      />
    `}
  `;
}

function title({ reason }) {
  const words = reasonWords(reason);
  return words[0].toUpperCase() + words.slice(1);
}

const Facts = ({ letter }) => html`
  <dl class="facts">
    ${letter.orderId &&
    html`<div><dt>Order</dt><dd><${OrderLink} id=${letter.orderId} /></dd></div>`}
    <div>
      <dt>Came from</dt>
      <dd>${letter.topic}, partition ${letter.partition}, offset ${letter.offset}</dd>
    </div>
    <div><dt>Given up by</dt><dd>${letter.service || "unknown"}</dd></div>
    <div>
      <dt>Tried</dt>
      <dd>
        ${count(letter.attempts, "time")}, from ${moment(letter.firstFailureAt)},${" "}
        ${exact(letter.firstFailureAt)} to ${exact(letter.lastFailureAt)}
      </dd>
    </div>
    <div><dt>Sent back</dt><dd>${count(letter.redrives, "time")} before</dd></div>
  </dl>
`;
