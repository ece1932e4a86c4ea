/** The cart: kept in this browser, shared by its tabs. Prices are what the buyer saw, in cents. */

import { cents } from "shared/format.js";
import { createSignal, useSignal } from "shared/signal.js";

const PLACE = "cart";
const EMPTY = { lines: [], replaces: null };

/**
 * @typedef {{productId: string, name: string, price: number, imageUrl?: string, qty: number}} Line
 * @typedef {{lines: Line[], replaces: string | null}} Cart *replaces* is a refused order that is
 *   cancelled when this one is placed
 */

/** @type {ReturnType<typeof createSignal<Cart>>} */
export const cart = createSignal(kept());
export const useCart = () => useSignal(cart);

export const unitsIn = ({ lines }) => lines.reduce((sum, line) => sum + line.qty, 0);
export const totalOf = ({ lines }) => lines.reduce((sum, line) => sum + line.qty * line.price, 0);

addEventListener("storage", (event) => {
  if (event.key === PLACE) cart.set(kept());
});

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE));
    return Array.isArray(found?.lines) ? found : EMPTY;
  } catch {
    return EMPTY;
  }
}

function keep(next) {
  localStorage.setItem(PLACE, JSON.stringify(next));
  cart.set(next);
}

/** Put *qty* of *product* into the cart, at its price as it is now. */
export function addToCart(product, qty) {
  const { lines } = cart.get();
  const before = lines.find((line) => line.productId === product._id);
  const line = { ...lineOf(product), qty: (before?.qty ?? 0) + qty };
  const others = lines.filter((one) => one !== before);
  keep({ ...cart.get(), lines: [...others, line] });
}

const lineOf = ({ _id, name, price, imageUrl }) => ({
  productId: _id,
  name,
  price: cents(price),
  imageUrl,
});

/** Set how many of a product are wanted; 0 takes it out. */
export function setQuantity(productId, qty) {
  const lines = cart.get().lines.map((line) =>
    line.productId === productId ? { ...line, qty } : line,
  );
  keep({ ...cart.get(), lines: lines.filter((line) => line.qty > 0) });
}

/** Take over the prices of *products*, which the buyer has agreed to. */
export function acceptPrices(products) {
  const byId = new Map(products.map((product) => [product._id, product]));
  const lines = cart.get().lines.map((line) => {
    const product = byId.get(line.productId);
    return product ? { ...line, ...lineOf(product) } : line;
  });
  keep({ ...cart.get(), lines });
}

/** Fill the cart with *lines* in place of what was ordered and refused. */
export function buyInstead(orderId, lines) {
  keep({ lines, replaces: orderId });
}

/** Take out the *items* of an order that was placed; what came into the cart since stays. */
export function takeOrdered(items) {
  const ordered = new Map(items.map((item) => [item.productId, item.qty]));
  const left = ({ productId, qty }) => qty - (ordered.get(productId) ?? 0);
  const lines = cart.get().lines.map((line) => ({ ...line, qty: left(line) }));
  keep({ lines: lines.filter((line) => line.qty > 0), replaces: null });
}
