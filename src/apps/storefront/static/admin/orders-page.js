/** All orders, as they come and change. */

import { api, part } from "shared/api.js";
import { cents, count, moment, money } from "shared/format.js";
import { html, useRef, useState } from "shared/html.js";
import { ORDER_EVENTS, useLive, useReadAgain } from "shared/live.js";
import { StatusBadge, StockBadge, itemsInShort, newer } from "shared/orders.js";
import { useResource } from "shared/resource.js";
import { go, setQuery, usePageTitle } from "shared/router.js";
import { Empty, Fault, Pager, Skeleton } from "shared/ui.js";

import { Choice, SearchField, SortHeading } from "./table.js";

const LIMIT = 25;
const NEWEST = "-createdAt";
const STATUSES = [
  ["", "Every status"],
  ["pending", "Pending"],
  ["processing", "Processing"],
  ["shipped", "Shipped"],
  ["delivered", "Delivered"],
  ["cancelled", "Cancelled"],
];
const STOCK_STATES = [
  ["", "Every stock state"],
  ["requested", "Being reserved"],
  ["reserved", "Reserved"],
  ["rejected", "Not available"],
  ["released", "Given back"],
  ["consumed", "Delivered"],
];

export function OrdersPage({ query }) {
  usePageTitle("Orders · Fieldhouse admin");
  const wanted = Object.fromEntries(query);
  const sort = wanted.sort ?? NEWEST;
  const [fresh, found] = useOrders(wanted, sort, query.toString());
  return html`
    <div class="head">
      <h1 tabindex="-1">Orders</h1>
      <p class="muted" role="status">${found.data && count(found.data.meta.total, "order")}</p>
    </div>
    <search class="tools">
      <${SearchField}
        label="Search orders"
        placeholder="Number, customer or product"
        value=${wanted.search ?? ""}
      />
      <${Choice} name="status" label="Status" value=${wanted.status} options=${STATUSES} />
      <${Choice}
        name="stockState"
        label="Stock"
        value=${wanted.stockState}
        options=${STOCK_STATES}
      />
      <label class="from">
        From
        <input
          type="date"
          value=${wanted.from?.slice(0, 10) ?? ""}
          onChange=${(event) => setQuery({ from: event.target.value })}
        />
      </label>
    </search>
    ${found.error && html`<${Fault} error=${found.error} retry=${found.reload} />`}
    ${found.data
      ? html`<${Table} answer=${found.data} sort=${sort} fresh=${fresh} />`
      : found.loading && html`<${Skeleton} rows=${6} />`}
  `;
}

/** One page of orders; news about an order on it is shown at once, a new one is read. */
function useOrders(wanted, sort, key) {
  const [fresh, setFresh] = useState("");
  const found = useResource(
    (signal) => api.get("orders", "/orders", questionOf(wanted, sort), { signal }),
    key,
  );
  useReadAgain(found.reload);
  const later = useRef();
  useLive(ORDER_EVENTS, ({ order }) => {
    setFresh(order._id);
    const takes = takesNew(wanted, sort);
    found.change((answer) => withOrder(answer, order, takes));
    // The count, and what filters and other orders make of it, is the service's to say.
    clearTimeout(later.current);
    later.current = setTimeout(found.reload, 400);
  });
  return [fresh, found];
}

const questionOf = ({ from, ...wanted }, sort) => ({
  ...wanted,
  sort,
  limit: LIMIT,
  ...(from && { from: new Date(`${from.slice(0, 10)}T00:00`).toISOString() }),
});

/** Tell whether a new order stands on top of the list without asking: nothing narrows it. */
function takesNew({ status, stockState, search, page, from }, sort) {
  return sort === NEWEST && !search && !from && !stockState && !(page > 1) && !status;
}

function withOrder(answer, order, takesNewOnes) {
  const before = answer.data.orders;
  const known = before.some((one) => one._id === order._id);
  const isNewest = !before.length || order.createdAt >= before[0].createdAt;
  if (!known && !(takesNewOnes && isNewest)) return answer;
  const orders = known
    ? before.map((one) => (one._id === order._id ? newer(one, order) : one))
    : [order, ...before].slice(0, LIMIT);
  return { ...answer, data: { ...answer.data, orders } };
}

function Table({ answer, sort, fresh }) {
  const { orders } = answer.data;
  if (!orders.length) {
    return html`
      <${Empty} title="No orders fit">
        <a class="button quiet" href="/admin/orders">Show all</a>
      <//>
    `;
  }
  return html`
    <div class="table stacked" tabindex="0" role="region" aria-label="Orders">
      <table>
        <thead>
          <tr>
            <${SortHeading} by="orderNumber" label="Order" sort=${sort} />
            <th scope="col">Customer</th>
            <${SortHeading} by="status" label="Status" sort=${sort} />
            <th scope="col">Stock</th>
            <${SortHeading} by="totalAmount" label="Total" sort=${sort} right />
            <${SortHeading} by="createdAt" label="Placed" sort=${sort} right />
          </tr>
        </thead>
        <tbody>
          ${orders.map(
            (order) => html`<${Row} key=${order._id} order=${order} fresh=${order._id === fresh} />`,
          )}
        </tbody>
      </table>
    </div>
    <${Pager} meta=${answer.meta} go=${(page) => setQuery({ page })} />
  `;
}

function Row({ order, fresh }) {
  const href = `/admin/orders/${part(order._id)}`;
  const open = (event) => {
    if (!event.target.closest("a")) go(href);
  };
  return html`
    <tr
      key=${order.version}
      class=${`clickable ${fresh ? "fresh" : ""}`}
      data-order=${order._id}
      onClick=${open}
    >
      <td>
        <a href=${href}>${order.orderNumber}</a>
        <small>${itemsInShort(order)}</small>
      </td>
      <td class="who-cell">${order.userId}</td>
      <td><${StatusBadge} order=${order} /></td>
      <td><${StockBadge} order=${order} /></td>
      <td class="right money">${money(cents(order.totalAmount))}</td>
      <td class="right minor"><time datetime=${order.createdAt}>${moment(order.createdAt)}</time></td>
    </tr>
  `;
}
