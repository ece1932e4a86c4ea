/** The cart: kept in this browser, shared by its tabs. Prices are what the buyer saw, in cents. */

import { cents } from "shared/format.js";
import { createSignal, useSignal } from "shared/signal.js";

const PLACE = "cart";
const EMPTY = { lines: [], replaces: null, taken: [] };
/** So many orders are remembered as taken out; an answer about an older one comes no more. */
const TAKEN_MAX = 20;

/**
 * @typedef {{productId: string, name: string, price: number, imageUrl?: string, qty: number}} Line
 * @typedef {{lines: Line[], replaces: string | null, taken: string[]}} Cart *replaces* is a refused
 *   order that is cancelled when this one is placed; *taken* are orders whose items were taken out
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
    return Array.isArray(found?.lines) ? { ...EMPTY, ...found } : EMPTY;
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
  keep({ ...cart.get(), lines, replaces: orderId });
}

/**
 * Take out the items of an order that was placed, and tell whether that was still to be done; what
 * came into the cart since stays. Answers about one order may come several times: to the call that
 * placed it, to a lookup after a reload, to another tab.
 */
export function takeOrdered({ _id, items }) {
  // As it is kept, for another tab may just have been told.
  const before = kept();
  if (before.taken.includes(_id)) {
    cart.set(before);
    return false;
  }
  const ordered = new Map(items.map((item) => [item.productId, item.qty]));
  const left = ({ productId, qty }) => qty - (ordered.get(productId) ?? 0);
  const lines = before.lines.map((line) => ({ ...line, qty: left(line) }));
  const taken = [...before.taken, _id].slice(-TAKEN_MAX);
  keep({ lines: lines.filter((line) => line.qty > 0), replaces: null, taken });
  return true;
}
