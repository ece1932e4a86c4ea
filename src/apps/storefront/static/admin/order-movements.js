/** The ledger's entries of one order, found in the ledgers of its products. */

import { api, part } from "shared/api.js";
import { html } from "shared/html.js";
import { nameOf } from "shared/orders.js";
import { useResource } from "shared/resource.js";
import { Fault, Skeleton } from "shared/ui.js";

import { Movements } from "./movements.js";

const LIMIT = 100;
const PAGES_MOST = 10;

export function OrderMovements({ order }) {
  const found = useResource(
    async (signal) => (await Promise.all(order.items.map((line) => entriesOf(order, line, signal)))).flat(),
    `${order._id} ${order.stockState}`,
  );
  if (found.error) return html`<${Fault} error=${found.error} retry=${found.reload} />`;
  if (!found.data) return html`<${Skeleton} rows=${2} />`;
  if (!found.data.length) return html`<p class="muted">Nothing was moved for it.</p>`;
  const movements = found.data.sort((one, other) => (one.at < other.at ? 1 : -1));
  const first = ({ productId }) => html`
    <a href=${`/admin/products/${part(productId)}`}>${nameOf(order, productId)}</a>
  `;
  return html`<${Movements} movements=${movements} heading="Product" first=${first} />`;
}

/** Read a ledger, newest first, as far back as the order's beginning. */
async function entriesOf(order, { productId }, signal) {
  const entries = [];
  for (let page = 1; page <= PAGES_MOST; page += 1) {
    const found = await pageOf(productId, page, signal);
    entries.push(...found.filter((entry) => entry.orderId === order._id));
    if (found.length < LIMIT || found.at(-1).at < order.createdAt) break;
  }
  return entries;
}

async function pageOf(productId, page, signal) {
  const path = `/products/${part(productId)}/movements`;
  try {
    return (await api.get("products", path, { page, limit: LIMIT }, { signal })).data.movements;
  } catch (fault) {
    if (fault.status === 404) return [];
    throw fault;
  }
}
