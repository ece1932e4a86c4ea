/**
 * Alerts that nobody has looked at yet.
 *
 * Refused orders are read over HTTP, so that one that came while nobody watched is there as well;
 * what comes as a push is kept in this browser until somebody has looked at it.
 */

import { api } from "shared/api.js";
import { connection, on } from "shared/live.js";
import { nameOf, refusalWords } from "shared/orders.js";
import { isAdmin, session } from "shared/session.js";
import { createSignal, useSignal } from "shared/signal.js";
import { toast } from "shared/ui.js";

const PLACE = "admin-alerts";
const SEEN_PLACE = "admin-alerts-seen";
const KEPT_MOST = 500;

/** @typedef {{key: string, kind: string, orderId?: string, topic?: string, message: string,
 *   timestamp: string}} Alert */

const alerts = createSignal(kept(PLACE));
const seen = createSignal(kept(SEEN_PLACE));

/** The alerts that nobody has looked at, newest first. */
export function useUnseen() {
  const looked = new Set(useSignal(seen));
  return useSignal(alerts).filter((alert) => !looked.has(alert.key));
}

/** Listen from now on, and read what came before whenever the connection is new. */
export function openAlerts() {
  on(["admin:alert"], (payload) => {
    add([alertOf(payload)]);
    toast(payload.message, { tone: "bad", href: "/admin/alerts" });
  });
  connection.watch((state) => state === "live" && readRefused());
}

/** Take *keys* off the list. */
export function markSeen(keys) {
  seen.set([...new Set([...keys, ...seen.get()])].slice(0, KEPT_MOST));
  keep(SEEN_PLACE, seen.get());
}

/** An alert about an order is looked at by looking at the order. */
export const markOrderSeen = (orderId) => markSeen([keyOf({ orderId })]);

async function readRefused() {
  if (!isAdmin(session.get())) return;
  const query = { stockState: "rejected", status: "pending", sort: "-updatedAt", limit: 50 };
  try {
    const { data } = await api.get("orders", "/orders", query);
    const known = new Set(alerts.get().map((alert) => alert.key));
    add(data.orders.map(refusedAlert).filter((alert) => !known.has(alert.key)), { again: false });
  } catch {
    // The next connection reads it again.
  }
}

const refusedAlert = (order) =>
  alertOf({
    kind: "reservation_failed",
    orderId: order._id,
    message: `Order ${order.orderNumber} cannot be served: ${linesOf(order)}.`,
    timestamp: order.updatedAt,
  });

const linesOf = (order) =>
  order.stockReasons
    .map((line) => `${nameOf(order, line.productId)} (${refusalWords(line)})`)
    .join(", ");

const keyOf = ({ orderId, kind, timestamp }) =>
  orderId ? `order ${orderId}` : `${kind} ${timestamp}`;

const alertOf = ({ kind, orderId, topic, message, timestamp }) => ({
  key: keyOf({ orderId, kind, timestamp }),
  kind,
  orderId,
  topic,
  message,
  timestamp,
});

/** What is told *again* is unseen again; of two about one order the refusal says more. */
function add(news, { again = true } = {}) {
  for (const alert of news) {
    const before = alerts.get().find((one) => one.key === alert.key);
    const first = before?.kind === "reservation_failed" && alert.kind === "dead_letter";
    const others = alerts.get().filter((one) => one !== before);
    alerts.set([first ? before : alert, ...others].slice(0, KEPT_MOST));
  }
  keep(PLACE, alerts.get());
  if (!again) return;
  const keys = new Set(news.map((alert) => alert.key));
  seen.set(seen.get().filter((key) => !keys.has(key)));
  keep(SEEN_PLACE, seen.get());
}

function kept(place) {
  try {
    const found = JSON.parse(localStorage.getItem(place));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

const keep = (place, value) => localStorage.setItem(place, JSON.stringify(value));
