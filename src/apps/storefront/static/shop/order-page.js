/** One order: where it stands, what became of it, and what can still be done. */

import { Address } from "shared/address.js";
import { api, part } from "shared/api.js";
import { cents, moment, money } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { ORDER_EVENTS, useLive, useReadAgain } from "shared/live.js";
import { PENDING, PROCESSING, newer, paymentMethod, paymentStatus } from "shared/orders.js";
import { useResource } from "shared/resource.js";
import { usePageTitle } from "shared/router.js";
import { useSession } from "shared/session.js";
import { Timeline } from "shared/timeline.js";
import { Empty, Fault, Skeleton } from "shared/ui.js";

import { CancelDialog } from "./cancel-dialog.js";
import { Progress } from "./progress.js";
import { Shortage } from "./shortage.js";
import { SignInFirst } from "./sign-in-page.js";

export function OrderPage({ id }) {
  const who = useSession();
  if (!who) return html`<${SignInFirst} title="Your order">Sign in to see it.<//>`;
  return html`<${OneOrder} key=${who.sub} id=${id} />`;
}

function OneOrder({ id }) {
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
  const order = found.data?.order;
  usePageTitle(order ? `${order.orderNumber} · Fieldhouse` : "Your order · Fieldhouse");
  if (order) return html`<${Order} order=${order} history=${found.data.history} found=${found} />`;
  if (found.loading) return html`<${Skeleton} rows=${4} />`;
  if ([403, 404].includes(found.error.status)) return html`<${NotYours} />`;
  return html`<${Fault} error=${found.error} retry=${found.reload} />`;
}

const NotYours = () => html`
  <${Empty} title="This is not an order of yours">
    <a class="button" href="/orders">My orders</a>
  <//>
`;

function Order({ order, history, found }) {
  const [asking, setAsking] = useState(false);
  const canCancel = order.status === PENDING || order.status === PROCESSING;
  return html`
    <nav class="crumbs" aria-label="You are here"><a href="/orders">My orders</a></nav>
    <div class="head">
      <div>
        <h1 tabindex="-1">Order <span class="order-number">${order.orderNumber}</span></h1>
        <p class="muted">Placed <time>${moment(order.createdAt)}</time></p>
      </div>
      ${canCancel &&
      html`
        <button type="button" class="quiet danger" onClick=${() => setAsking(true)}>
          Cancel this order
        </button>
      `}
    </div>
    <${Progress} order=${order} />
    ${order.stockState === "rejected" && canCancel && html`<${Shortage} order=${order} />`}
    <div class="split">
      <div>
        <${Items} order=${order} />
        <section class="card">
          <h2>What happened</h2>
          <${Timeline} history=${history} owner=${order.userId} />
        </section>
      </div>
      <${Facts} order=${order} />
    </div>
    ${asking &&
    html`<${CancelDialog} order=${order} close=${() => setAsking(false)} found=${found} />`}
  `;
}

const Items = ({ order }) => html`
  <section class="card">
    <h2>Items</h2>
    <ul class="plain summary">
      ${order.items.map(
        (line) => html`
          <li key=${line.productId}>
            <a href=${`/products/${part(line.productId)}`}>
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
  </section>
`;

const Facts = ({ order }) => html`
  <aside class="card">
    <h2>Goes to</h2>
    <${Address} address=${order.shippingAddress} />
    <h2>Payment</h2>
    <p>${paymentMethod(order)} · ${paymentStatus(order).toLowerCase()}</p>
    ${order.trackingNumber &&
    html`<h2>Tracking</h2><p class="mono">${order.trackingNumber}</p>`}
  </aside>
`;
