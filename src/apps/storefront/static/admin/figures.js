/** The overview's numbers, counted by the services: each is the total of a question. */

import { api } from "shared/api.js";

const HOURS = 12;
const HOUR = 3600 * 1000;
const LOW_COUNT = 6;

export async function readFigures(signal) {
  const [totals, hours, low] = await Promise.all([
    readTotals(signal),
    readHours(signal),
    products({ sort: "stock", limit: LOW_COUNT }, signal),
  ]);
  return { totals, hours, low: low.data.products };
}

const products = (query, signal) => api.get("products", "/products", query, { signal });

async function countOrders(query, signal) {
  return (await api.get("orders", "/orders", { ...query, limit: 1 }, { signal })).meta.total;
}

async function readTotals(signal) {
  const [pending, reserved, refused, soldOut] = await Promise.all([
    countOrders({ status: "pending" }, signal),
    countOrders({ stockState: "reserved" }, signal),
    countOrders({ stockState: "rejected", status: "pending" }, signal),
    products({ inStock: false, limit: 1 }, signal),
  ]);
  return { pending, reserved, refused, soldOut: soldOut.meta.total };
}

/** Count the orders placed in each of the last hours, the one that runs now last. */
async function readHours(signal) {
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  const starts = Array.from({ length: HOURS }, (_, place) => now - (HOURS - 1 - place) * HOUR);
  const series = (filter) => Promise.all(starts.map((start) => inHour(start, filter, signal)));
  const [placed, refused, reserved, consumed] = await Promise.all([
    series({}),
    series({ stockState: "rejected" }),
    series({ stockState: "reserved" }),
    series({ stockState: "consumed" }),
  ]);
  return {
    times: starts.map((start) => start / 1000),
    placed,
    refused,
    reserved: reserved.map((one, place) => one + consumed[place]),
  };
}

const inHour = (start, filter, signal) =>
  countOrders(
    { ...filter, from: new Date(start).toISOString(), to: new Date(start + HOUR).toISOString() },
    signal,
  );
