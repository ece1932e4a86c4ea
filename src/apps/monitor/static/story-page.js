/** The story of one order, growing while one looks. */

import { part } from "shared/api.js";
import { cents, count, money } from "shared/format.js";
import { html } from "shared/html.js";
import { StatusBadge, StockBadge } from "shared/orders.js";
import { usePageTitle } from "shared/router.js";
import { Badge, Fault, Note, Skeleton } from "shared/ui.js";

import { StoryEntry } from "./story-entry.js";
import { usePolled } from "./polling.js";

export function StoryPage({ id }) {
  usePageTitle(`Order ${id} · Monitor`);
  const { data, error, reload } = usePolled(`/orders/${part(id)}/story`);
  return html`
    <p class="crumbs"><a href="/story">Stories</a></p>
    <h1 tabindex="-1">${data?.order?.orderNumber ?? `Order ${id}`}</h1>
    ${error && html`<${Fault} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} rows=${6} />`}
    ${data && html`<${Story} story=${data} />`}
  `;
}

function Story({ story }) {
  const { order, reservation, pending, entries } = story;
  const start = entries.length ? Date.parse(entries[0].at) : 0;
  return html`
    ${order && html`<${Order} order=${order} reservation=${reservation} />`}
    ${!order &&
    html`<${Note}><p>No order of ours has this id; what carries it came from elsewhere.</p><//>`}
    ${!story.isComplete &&
    html`
      <${Note} tone="warn">
        <p>This order lies far back among many others: there may be more than what is shown.</p>
      <//>
    `}
    <div class="head spaced">
      <h2>${count(entries.length, "thing")} happened</h2>
      <${Legend} />
    </div>
    <ol class="story">
      ${entries.map(
        (entry, place) => html`
          <${StoryEntry} key=${`${entry.title} ${place}`} entry=${entry} start=${start} />
        `,
      )}
    </ol>
    ${pending.length > 0 && html`<${Pending} pending=${pending} />`}
  `;
}

const Order = ({ order, reservation }) => html`
  <section class="card" aria-label="The order now">
    <dl class="facts">
      <div><dt>Status</dt><dd><${StatusBadge} order=${order} /></dd></div>
      <div>
        <dt>Stock</dt>
        <dd class="actions">
          <${StockBadge} order=${order} />
          ${reservation &&
          reservation.state !== order.stockState &&
          html`<${Badge}>reservation ${reservation.state}<//>`}
        </dd>
      </div>
      <div><dt>Id</dt><dd class="mono">${order._id}</dd></div>
      <div><dt>Customer</dt><dd>${order.userId}</dd></div>
      <div>
        <dt>Items</dt>
        <dd>
          ${order.items.map(
            (line) => html`
              <span key=${line.productId} class="line">
                ${line.qty} × ${line.productName || line.productId}
              </span>
            `,
          )}
        </dd>
      </div>
      <div><dt>Total</dt><dd class="money">${money(cents(order.totalAmount))}</dd></div>
    </dl>
  </section>
`;

const Pending = ({ pending }) => html`
  <section class="card waiting">
    <h2>Waiting in the outbox</h2>
    <p class="muted">Stored with the order, and on its way to the log.</p>
    <ul>
      ${pending.map(
        (one, place) => html`<li key=${place}>${one.title} → <code>${one.topic}</code></li>`,
      )}
    </ul>
  </section>
`;

const KINDS = [
  ["history", "order"],
  ["record", "message"],
  ["movement", "stock"],
  ["push", "push"],
  ["deadLetter", "dead letter"],
];
const Legend = () => html`
  <ul class="legend" aria-label="Kinds">
    ${KINDS.map(
      ([kind, label]) =>
        html`<li key=${kind}><span class="mark" data-kind=${kind}></span>${label}</li>`,
    )}
  </ul>
`;
