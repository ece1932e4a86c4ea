/**
 * Placing an order once, whatever happens in between: a double click, a reload, a lost answer.
 *
 * An attempt is kept beside the cart until it is answered. Its key makes the service answer the
 * first order when the same order is sent again; by its number it is found when something else
 * is to be ordered meanwhile.
 */

import { api, part } from "shared/api.js";

const PLACE = "order-attempt";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/** After these nobody knows whether the order was taken, or it may be sent again as it is. */
const OPEN_ENDED = new Set([0, 401, 408, 429]);

/** Place *draft* for *sub* and return the order; a draft that was placed before is not again. */
export async function placeOrder(sub, draft) {
  const text = JSON.stringify(draft);
  let attempt = kept(sub);
  if (attempt && attempt.text !== text) {
    const order = await recoverOrder(sub);
    if (order) return order;
    attempt = null;
  }
  attempt ??= { sub, text, key: random(24), number: `ORD-${Date.now()}-${random(4)}` };
  localStorage.setItem(PLACE, JSON.stringify(attempt));
  try {
    const body = { ...draft, orderNumber: attempt.number };
    const headers = { "Idempotency-Key": attempt.key };
    const { data } = await api.post("orders", "/orders", body, { headers });
    forget(attempt);
    return data.order;
  } catch (fault) {
    if (fault.status < 500 && !OPEN_ENDED.has(fault.status)) forget(attempt);
    throw fault;
  }
}

/** Return the order of an attempt that was never answered, if the service has taken it. */
export async function recoverOrder(sub) {
  const attempt = kept(sub);
  if (!attempt) return null;
  const query = { search: attempt.number, limit: 1 };
  const { data } = await api.get("orders", `/orders/user/${part(sub)}`, query);
  const [order] = data.orders;
  if (order) forget(attempt);
  return order ?? null;
}

function kept(sub) {
  const attempt = JSON.parse(localStorage.getItem(PLACE));
  return attempt?.sub === sub ? attempt : null;
}

/** An attempt that another tab has begun meanwhile is kept. */
function forget({ sub, number }) {
  if (kept(sub)?.number === number) localStorage.removeItem(PLACE);
}

function random(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return [...bytes].map((byte) => LETTERS[byte % LETTERS.length]).join("");
}
