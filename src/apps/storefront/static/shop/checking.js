/** What has changed since something was put into the cart: prices, and what is left. */

import { api, part } from "shared/api.js";
import { amountOf, cents, count, money } from "shared/format.js";
import { html, useEffect, useState } from "shared/html.js";
import { useLive } from "shared/live.js";
import { useResource } from "shared/resource.js";
import { useSession } from "shared/session.js";
import { Note } from "shared/ui.js";

import { acceptPrices, setQuantity } from "./cart.js";

/** Cart lines as the API takes them. */
export const itemsOf = ({ lines }) =>
  lines.map(({ productId, name, qty, price }) => ({
    productId,
    productName: name,
    qty,
    price: amountOf(price),
  }));

/**
 * Read the products of *cart* as they are now.
 *
 * @returns {Promise<{changed: object[], short: object[], gone: object[]}>} products whose price
 *   is another now, of which fewer are left than wanted, and which are not sold any more
 */
export async function checkCart(cart, signal) {
  const found = await Promise.all(cart.lines.map((line) => productOf(line, signal)));
  const pairs = cart.lines.map((line, place) => ({ line, product: found[place] }));
  const sold = pairs.filter(({ product }) => product?.isActive);
  return {
    gone: pairs.filter(({ product }) => !product?.isActive),
    changed: sold.filter(({ line, product }) => cents(product.price) !== line.price),
    short: sold.filter(({ line, product }) => product.stock < line.qty),
  };
}

async function productOf({ productId }, signal) {
  try {
    const path = `/products/${part(productId)}`;
    return (await api.get("products", path, {}, { signal })).data.product;
  } catch (fault) {
    if (fault.status === 404) return null;
    throw fault;
  }
}

/** Keep the check of *cart* fresh, also when the stock of one of its products changes. */
export function useCartCheck(cart) {
  const who = useSession();
  const key = JSON.stringify([who?.sub, cart.lines.map(({ productId, qty, price }) => [productId, qty, price])]);
  const found = useResource((signal) => checkCart(cart, signal), key);
  const [stale, setStale] = useState(0);
  useLive(["product:stock_changed"], ({ productId }) => {
    if (cart.lines.some((line) => line.productId === productId)) setStale((one) => one + 1);
  });
  useEffect(() => {
    if (stale) found.reload();
  }, [stale]);
  return found;
}

/** What the buyer should know, with a way to agree. */
export function CartNews({ check }) {
  const { changed = [], short = [], gone = [] } = check ?? {};
  return html`
    ${changed.length > 0 && html`<${Prices} changed=${changed} />`}
    ${short.map(({ line, product }) => html`<${Short} key=${line.productId} ...${{ line, product }} />`)}
    ${gone.map(({ line }) => html`<${Gone} key=${line.productId} line=${line} />`)}
  `;
}

const Prices = ({ changed }) => html`
  <${Note} tone="warn">
    <div>
      <p><strong>${count(changed.length, "price")} changed meanwhile.</strong></p>
      <ul class="plain">
        ${changed.map(
          ({ line, product }) => html`
            <li key=${line.productId}>
              ${product.name}: <s>${money(line.price)}</s> ${money(cents(product.price))}
            </li>
          `,
        )}
      </ul>
    </div>
    <button
      type="button"
      class="quiet"
      onClick=${() => acceptPrices(changed.map(({ product }) => product))}
    >
      Agree to the new ${changed.length === 1 ? "price" : "prices"}
    </button>
  <//>
`;

const Short = ({ line, product }) => html`
  <${Note} tone="warn">
    <p>
      <strong>${product.name}:</strong> you want ${line.qty}, ${product.stock} available now.
    </p>
    <button
      type="button"
      class="quiet"
      onClick=${() => setQuantity(line.productId, product.stock)}
    >
      ${product.stock > 0 ? `Take ${product.stock}` : "Take it out"}
    </button>
  <//>
`;

const Gone = ({ line }) => html`
  <${Note} tone="bad">
    <p><strong>${line.name}</strong> is no longer sold.</p>
    <button type="button" class="quiet" onClick=${() => setQuantity(line.productId, 0)}>
      Take it out
    </button>
  <//>
`;
