/** My orders, as they change. */

import { api, part } from "shared/api.js";
import { cents, count, moment, money } from "shared/format.js";
import { html } from "shared/html.js";
import { ORDER_EVENTS, useLive, useReadAgain } from "shared/live.js";
import { StatusBadge, StockBadge, itemsInShort, newer } from "shared/orders.js";
import { useResource } from "shared/resource.js";
import { setQuery, usePageTitle } from "shared/router.js";
import { useSession } from "shared/session.js";
import { Empty, Fault, Pager, Skeleton } from "shared/ui.js";

import { SignInFirst } from "./sign-in-page.js";

const LIMIT = 20;
const CHOICES = [
  ["", "All"],
  ["pending", "Pending"],
  ["processing", "Processing"],
  ["shipped", "Shipped"],
  ["delivered", "Delivered"],
  ["cancelled", "Cancelled"],
];

export function OrdersPage({ query }) {
  usePageTitle("My orders · Fieldhouse");
  const who = useSession();
  if (!who) return html`<${SignInFirst} title="My orders">Sign in to see your orders.<//>`;
  return html`<${Orders} key=${who.sub} who=${who} query=${query} />`;
}

function Orders({ who, query }) {
  const wanted = { status: query.get("status") ?? "", page: query.get("page") ?? "" };
  const found = useResource(
    (signal) =>
      api.get("orders", `/orders/user/${part(who.sub)}`, { ...wanted, limit: LIMIT }, { signal }),
    query.toString(),
  );
  useReadAgain(found.reload);
  useLive(ORDER_EVENTS, ({ order }, name) => {
    if (order.userId !== who.sub) return;
    found.change((answer) => withOrder(answer, order));
    // What comes into this list, or leaves it, is the service's to say.
    if (name === "order:created" || wanted.status) found.reload();
  });
  return html`
    <div class="head">
      <h1 tabindex="-1">My orders</h1>
      <p class="muted" role="status">${found.data && count(found.data.meta.total, "order")}</p>
    </div>
    <div class="chips" role="group" aria-label="Status">
      ${CHOICES.map(
        ([value, label]) => html`
          <button
            type="button"
            key=${value}
            class="chip"
            aria-pressed=${value === wanted.status}
            onClick=${() => setQuery({ status: value })}
          >
            ${label}
          </button>
        `,
      )}
    </div>
    ${found.error && html`<${Fault} error=${found.error} retry=${found.reload} />`}
    ${found.data ? html`<${List} answer=${found.data} />` : found.loading && html`<${Skeleton} />`}
  `;
}

function withOrder(answer, order) {
  const orders = answer.data.orders.map((one) => (one._id === order._id ? newer(one, order) : one));
  return { ...answer, data: { ...answer.data, orders } };
}

function List({ answer }) {
  const { orders } = answer.data;
  if (!orders.length) {
    return html`
      <${Empty} title="No orders here"><a class="button" href="/">To the shop</a><//>
    `;
  }
  return html`
    <ul class="orders">
      ${orders.map((order) => html`<${Row} key=${order._id} order=${order} />`)}
    </ul>
    <${Pager} meta=${answer.meta} go=${(page) => setQuery({ page })} />
  `;
}

const Row = ({ order }) => html`
  <li>
    <a class="order-row" href=${`/orders/${part(order._id)}`}>
      <span class="order-what">
        <strong>${itemsInShort(order)}</strong>
        <small>${order.orderNumber} · <time>${moment(order.createdAt)}</time></small>
      </span>
      <span class="order-state">
        <${StatusBadge} order=${order} />
        <${StockBadge} order=${order} />
      </span>
      <span class="money">${money(cents(order.totalAmount))}</span>
    </a>
  </li>
`;
