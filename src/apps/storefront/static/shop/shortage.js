/** An order that could not be served: which lines, and the offer to buy what there is. */

import { api, part } from "shared/api.js";
import { cents } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { nameOf, refusalWords } from "shared/orders.js";
import { go } from "shared/router.js";
import { Fault } from "shared/ui.js";

import { buyInstead } from "./cart.js";

export function Shortage({ order }) {
  const [error, setError] = useState(null);
  const [none, setNone] = useState(false);
  const offer = async () => {
    try {
      const lines = (await Promise.all(order.items.map(lineNow))).filter(Boolean);
      if (!lines.length) {
        setNone(true);
        return;
      }
      buyInstead(order._id, lines);
      go("/checkout");
    } catch (fault) {
      setError(fault);
    }
  };
  return html`
    <section class="card shortage" aria-labelledby="shortage">
      <h2 id="shortage">We could not get everything</h2>
      <ul>
        ${order.stockReasons.map(
          (line) => html`
            <li key=${line.productId}>
              <strong>${nameOf(order, line.productId)}</strong>: ${refusalWords(line)}
            </li>
          `,
        )}
      </ul>
      <p>Nothing was set aside. You can order what there is, at today’s prices; this order is
        cancelled then.</p>
      ${error && html`<${Fault} error=${error} />`}
      ${none
        ? html`<p role="status">There is nothing left of it at the moment.</p>`
        : html`<button type="button" onClick=${offer}>Buy what there is</button>`}
    </section>
  `;
}

/** What there is of a line now, as a line of the cart. */
async function lineNow({ productId, qty }) {
  const product = await productNow(productId);
  if (!product?.isActive || product.stock <= 0) return null;
  return {
    productId,
    name: product.name,
    price: cents(product.price),
    imageUrl: product.imageUrl,
    qty: Math.min(qty, product.stock),
  };
}

async function productNow(productId) {
  try {
    return (await api.get("products", `/products/${part(productId)}`)).data.product;
  } catch (fault) {
    if (fault.status === 404) return null;
    throw fault;
  }
}
