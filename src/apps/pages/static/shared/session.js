/**
 * Who is signed in on this side of the site: a token kept in this browser, never in an address.
 *
 * Every side has a name of its own (`shop`, `admin`, `monitor`), so that a customer and an admin
 * can look at the same moment, in two tabs of one browser.
 */

import { config } from "shared/config.js";
import { createSignal, useSignal } from "shared/signal.js";

let place = "session";

/** @type {ReturnType<typeof createSignal<Session | null>>} */
export const session = createSignal(null);

/** @typedef {{token: string, sub: string, roles: string[], expiresAt: number}} Session */

/** Begin with whoever was signed in before; other tabs of the same side follow. */
export function openSession(side) {
  place = `session.${side}`;
  session.set(kept());
  addEventListener("storage", (event) => {
    if (event.key === place) session.set(kept());
  });
}

export const useSession = () => useSignal(session);

export const isAdmin = (who) => Boolean(who?.roles.includes("admin"));

/** Sign in as whoever *token* stands for; the services decide what it is worth. */
export function signIn(token) {
  const found = read(token.trim());
  localStorage.setItem(place, found.token);
  session.set(found);
}

/** Get a token of the demo for *sub*, and sign in with it. */
export async function signInDemo(sub, roles) {
  const answer = await fetch(`${config.orders}/api/v1/demo/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sub, roles }),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.message);
  signIn(found.data.token);
}

export function signOut() {
  localStorage.removeItem(place);
  session.set(null);
}

function kept() {
  const token = localStorage.getItem(place);
  try {
    return token && read(token);
  } catch {
    return null;
  }
}

/** Read what a token says of itself. Nothing here is checked; a service does that. */
function read(token) {
  const claims = claimsOf(token);
  if (typeof claims?.sub !== "string" || !Array.isArray(claims.roles)) {
    throw new Error("This is not a token: paste all of it, three parts with two dots.");
  }
  const expiresAt = claims.exp * 1000;
  if (!(expiresAt > Date.now())) throw new Error("This token has expired: get a new one.");
  return { token, sub: claims.sub, roles: claims.roles, expiresAt };
}

function claimsOf(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
