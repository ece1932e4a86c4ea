/** One order as the shop's people see it: every allowed move, its movements, its history. */

import { Address } from "shared/address.js";
import { api, part } from "shared/api.js";
import { cents, moment, money } from "shared/format.js";
import { html, useEffect } from "shared/html.js";
import { ORDER_EVENTS, useLive, useReadAgain } from "shared/live.js";
import {
  StatusBadge,
  StockBadge,
  nameOf,
  newer,
  paymentMethod,
  refusalWords,
} from "shared/orders.js";
import { useResource } from "shared/resource.js";
import { usePageTitle } from "shared/router.js";
import { Timeline } from "shared/timeline.js";
import { Fault, Note, Skeleton } from "shared/ui.js";

import { markOrderSeen } from "./alerts.js";
import { Details } from "./order-details.js";
import { Moves } from "./order-moves.js";
import { OrderMovements } from "./order-movements.js";

export function OrderPage({ id }) {
  const found = useResource(async (signal) => {
    const path = `/orders/${part(id)}`;
    const [one, past] = await Promise.all([
      api.get("orders", path, {}, { signal }),
      api.get("orders", `${path}/history`, {}, { signal }),
    ]);
    return { order: one.data.order, history: past.data.history };
  }, id);
  useReadAgain(found.reload);
  useLive(ORDER_EVENTS, ({ order }) => {
    if (order._id !== id) return;
    found.change((data) => ({ ...data, order: newer(data.order, order) }));
    found.reload();
  });
  useEffect(() => markOrderSeen(id), [id]);
  const order = found.data?.order;
  usePageTitle(`${order?.orderNumber ?? "Order"} · Fieldhouse admin`);
  if (order) return html`<${Order} order=${order} history=${found.data.history} found=${found} />`;
  if (found.loading) return html`<${Skeleton} rows=${4} />`;
  return html`<${Fault} error=${found.error} retry=${found.reload} />`;
}

const Order = ({ order, history, found }) => html`
  <nav class="crumbs" aria-label="You are here"><a href="/admin/orders">Orders</a></nav>
  <div class="head">
    <div>
      <h1 tabindex="-1">${order.orderNumber}</h1>
      <p class="muted">
        Placed <time>${moment(order.createdAt)}</time> by${" "}
        <a href=${`/admin/orders?search=${part(order.userId)}`}>${order.userId}</a>
      </p>
    </div>
    <p class="actions"><${StatusBadge} order=${order} /><${StockBadge} order=${order} /></p>
  </div>
  ${order.stockReasons.length > 0 && html`<${Refused} order=${order} />`}
  <div class="split">
    <div>
      <section class="card">
        <h2>Move on</h2>
        <${Moves} order=${order} found=${found} />
      </section>
      <section class="card">
        <h2>Items</h2>
        <${Items} order=${order} />
      </section>
      <section class="card">
        <h2>Movements of its stock</h2>
        <${OrderMovements} order=${order} />
      </section>
    </div>
    <div>
      <section class="card">
        <h2>Goes to</h2>
        <${Address} address=${order.shippingAddress} />
        <h2>Payment and parcel</h2>
        <p class="muted">${paymentMethod(order)}</p>
        <${Details} key=${order.version} order=${order} found=${found} />
      </section>
      <section class="card">
        <h2>What happened</h2>
        <${Timeline} history=${history} owner=${order.userId} owners=${order.userId} />
      </section>
    </div>
  </div>
`;

const Refused = ({ order }) => html`
  <${Note} tone="bad">
    <ul class="plain">
      ${order.stockReasons.map(
        (line) => html`
          <li key=${line.productId}>
            <a href=${`/admin/products/${part(line.productId)}`}>${nameOf(order, line.productId)}</a
            >: ${refusalWords(line)}
          </li>
        `,
      )}
    </ul>
  <//>
`;

const Items = ({ order }) => html`
  <ul class="plain summary">
    ${order.items.map(
      (line) => html`
        <li key=${line.productId}>
          <a href=${`/admin/products/${part(line.productId)}`}>
            ${line.qty} × ${line.productName || line.productId}
          </a>
          <span class="money">${money(cents(line.price) * line.qty)}</span>
        </li>
      `,
    )}
  </ul>
  <p class="sum">
    <span>Total</span><strong class="money">${money(cents(order.totalAmount))}</strong>
  </p>
`;
