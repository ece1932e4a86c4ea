/** How values are written. Money is counted in whole cents, so that sums are exact. */

const MONEY = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const NUMBER = new Intl.NumberFormat("en");
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const CLOCK = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** The API's amount, a number with two decimals, in cents. */
export const cents = (amount) => Math.round(amount * 100);

/** Cents as the API wants them. */
export const amountOf = (inCents) => inCents / 100;

/** Cents as people read them. */
export const money = (inCents) => MONEY.format(inCents / 100);

export const number = (value) => NUMBER.format(value);

const day = (time) => DAY.format(new Date(time));
export const moment = (time) => MOMENT.format(new Date(time));
export const clock = (time) => CLOCK.format(new Date(time));

/** `1 product`, `2 products`. */
export const count = (value, one, many = `${one}s`) =>
  `${number(value)} ${value === 1 ? one : many}`;

/** How long ago a time was, roughly. */
export function ago(time, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(time)) / 1000));
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return day(time);
}
