/** The ledgers' entries of one order. */

import { api, part } from "shared/api.js";
import { html, useRef } from "shared/html.js";
import { nameOf } from "shared/orders.js";
import { useEvery, useResource } from "shared/resource.js";
import { Fault, Skeleton } from "shared/ui.js";

import { Movements } from "./movements.js";

const LIMIT = 100;
const AGAIN_SECONDS = 2;
/** An order that was cancelled before it held anything has no entry to wait for. */
const TRIES_MOST = 10;
/** The entry that an order's stock state comes with, once the stock has followed. */
const LAST = { reserved: "reserved", released: "released", consumed: "consumed" };

export function OrderMovements({ order }) {
  const found = useResource(
    async (signal) => {
      const products = [...new Set(order.items.map((line) => line.productId))];
      const ledgers = products.map((productId) => entriesOf(order, productId, signal));
      return (await Promise.all(ledgers)).flat();
    },
    `${order._id} ${order.stockState}`,
  );
  const follows = LAST[order.stockState];
  const behind = found.data && follows && !found.data.some((entry) => entry.kind === follows);
  const tries = useRef(0);
  useEvery(behind && tries.current < TRIES_MOST ? AGAIN_SECONDS : 0, () => {
    tries.current += 1;
    found.reload();
  });
  if (found.error) return html`<${Fault} error=${found.error} retry=${found.reload} />`;
  if (!found.data) return html`<${Skeleton} rows=${2} />`;
  if (!found.data.length) return html`<p class="muted">Nothing was moved for it.</p>`;
  const movements = found.data.sort((one, other) => (one.at < other.at ? 1 : -1));
  const first = ({ productId }) => html`
    <a href=${`/admin/products/${part(productId)}`}>${nameOf(order, productId)}</a>
  `;
  return html`<${Movements} movements=${movements} heading="Product" first=${first} />`;
}

async function entriesOf(order, productId, signal) {
  const path = `/products/${part(productId)}/movements`;
  const query = { orderId: order._id, limit: LIMIT };
  try {
    return (await api.get("products", path, query, { signal })).data.movements;
  } catch (fault) {
    if (fault.status === 404) return [];
    throw fault;
  }
}
