/** Orders in words: their status, where their stock stands, and what became of them. */

import { cents, money } from "shared/format.js";
import { html } from "shared/html.js";
import { Badge } from "shared/ui.js";

export const PENDING = 1;
export const PROCESSING = 2;
const SHIPPED = 3;
export const CANCELLED = 5;

const STATUS_TONES = { 1: "warn", 2: "info", 3: "info", 4: "good", 5: "calm" };
const STOCK = {
  requested: ["info", "Being reserved", "We are setting your items aside. This takes a moment."],
  reserved: ["good", "Reserved", "Every item is set aside for you."],
  rejected: ["bad", "Not available", "Not everything could be had, so nothing was taken."],
  released: ["calm", "Given back", "The items went back on sale."],
  consumed: ["good", "Delivered", "The items are yours."],
};
const PAYMENT_METHODS = [
  "Credit card",
  "Debit card",
  "PayPal",
  "Cash on delivery",
  "Bank transfer",
  "UPI",
  "Wallet",
];
export const PAYMENT_STATUSES = ["Pending", "Paid", "Failed", "Refunded"];
const CHANGES = {
  placed: "Placed",
  stock_reserved: "Stock reserved",
  stock_rejected: "Stock refused",
  stock_released: "Stock given back",
  stock_not_held: "No stock to give back",
  stock_held_otherwise: "Other items reserved",
  processing: "Processing",
  shipped: "Shipped",
  delivered: "Delivered",
  cancelled: "Cancelled",
};

export const StatusBadge = ({ order }) =>
  html`<${Badge} tone=${STATUS_TONES[order.status]}>${order.statusLabel}<//>`;

export function StockBadge({ order }) {
  const [tone, word] = STOCK[order.stockState] ?? ["calm", order.stockState];
  return html`<${Badge} tone=${tone}>${word}<//>`;
}

const ON_THE_WAY = {
  [PROCESSING]: "Every item is set aside, and we are packing them.",
  [SHIPPED]: "Every item is on its way to you.",
};

/** What the stock's state means for whoever ordered. */
export const stockSentence = (order) =>
  ON_THE_WAY[order.status] ?? STOCK[order.stockState]?.[2] ?? "";
export const stockTone = (order) => STOCK[order.stockState]?.[0] ?? "calm";

export const paymentMethod = (order) => PAYMENT_METHODS[order.paymentMethod - 1] ?? "Unknown";
export const paymentStatus = (order) => PAYMENT_STATUSES[order.paymentStatus - 1] ?? "Unknown";
export const PAYMENT_CHOICES = PAYMENT_METHODS.map((label, place) => ({ value: place + 1, label }));

const REASONS = {
  insufficient_stock: "There was not enough of it.",
  price_changed: "A price had changed meanwhile.",
  unknown_product: "A product is not known.",
  inactive_product: "A product is no longer sold.",
  ORDER_CANCELLED: "The order was cancelled.",
};

/** Why something changed: the words of whoever said so, or ours for a known reason. */
export const reasonWords = (reason) => REASONS[reason] ?? reason;

/** A change of the history, in words. */
export function changeWords({ change }) {
  if (CHANGES[change]) return CHANGES[change];
  const text = change.replaceAll("_", " ");
  return `Changed: ${text}`;
}

/** What an order is in one line: `2 × Oak table lamp and 3 more`. */
export function itemsInShort({ items }) {
  const [first, ...others] = items;
  const name = `${first.qty} × ${first.productName || first.productId}`;
  return others.length ? `${name} and ${others.length} more` : name;
}

/** Why a line was refused, in words. */
export function refusalWords(line) {
  if (line.reason === "price_changed") return `costs ${money(cents(line.price))} now`;
  if (line.reason === "unknown_product" || line.reason === "inactive_product") {
    return "is no longer sold";
  }
  return `${line.wanted} wanted, ${line.available} available`;
}

/** Of two states of one order, the newer. */
export const newer = (one, other) => (one && one.version >= other.version ? one : other);

export const nameOf = (order, productId) =>
  order.items.find((line) => line.productId === productId)?.productName || productId;
