/**
 * Pushes of the orders service: one socket for the whole page, open while somebody is signed in.
 *
 * A push is for the eyes. After every new connection the pages read the truth again over HTTP:
 * `useReadAgain(read)` says when.
 */

import { io } from "socket.io-client";

import { config } from "shared/config.js";
import { useEffect, useRef } from "shared/html.js";
import { session, signOut } from "shared/session.js";
import { createSignal, useSignal } from "shared/signal.js";

/** `off` while nobody is signed in; `lost` after a connection that was there, or could not be. */
export const connection = createSignal("off");
export const useConnection = () => useSignal(connection);

const listeners = new Map();
const rereads = new Set();
let socket = null;
let connectedBefore = false;

/** Connect as whoever is signed in, and follow who that is; *rooms* are asked for each time. */
export function openLive(rooms = []) {
  const follow = (who) => {
    socket?.close();
    socket = who && connect(who.token, rooms);
    connection.set(who ? "connecting" : "off");
  };
  follow(session.get());
  session.watch(follow);
}

function connect(token, rooms) {
  const opened = io(config.orders, {
    auth: { token },
    transports: ["websocket", "polling"],
    timeout: 5000,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
  });
  const isCurrent = () => opened === socket;
  opened.on("connect", () => {
    for (const room of rooms) opened.emit(`subscribe:${room}`);
  });
  // The first event of ours: from here on nothing is missed.
  opened.on("connected", () => isCurrent() && isBack());
  opened.on("disconnect", () => isCurrent() && connection.set("lost"));
  opened.on("connect_error", (fault) => isCurrent() && refused(fault));
  opened.on("closing", ({ reason }) => isCurrent() && ended(reason));
  opened.onAny((name, payload) => isCurrent() && tell(name, payload));
  return opened;
}

function isBack() {
  connection.set("live");
  if (connectedBefore) readAgain();
  connectedBefore = true;
}

function refused(fault) {
  connection.set("lost");
  ended(fault.message);
}

function ended(reason) {
  if (reason?.startsWith("Authentication error")) signOut();
}

function tell(name, payload) {
  for (const listener of [...(listeners.get(name) ?? [])]) listener(payload, name);
}

function readAgain() {
  for (const read of [...rereads]) read();
}

/** Try again now instead of after the pause. */
export const reconnect = () => socket?.connect();

/** Call *listener* for each of the events *names*; returns what ends that. */
export function on(names, listener) {
  for (const name of names) {
    if (!listeners.has(name)) listeners.set(name, new Set());
    listeners.get(name).add(listener);
  }
  return () => names.forEach((name) => listeners.get(name).delete(listener));
}

/** Call *listener* for the events *names* as long as the component is there. */
export function useLive(names, listener) {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => on(names, (payload, name) => latest.current(payload, name)), [names.join()]);
}

/** Call *read* whenever pushes may have been missed: after a reconnect, and on coming back. */
export function useReadAgain(read) {
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    const again = () => latest.current();
    const onSight = () => document.visibilityState === "visible" && again();
    rereads.add(again);
    document.addEventListener("visibilitychange", onSight);
    return () => {
      rereads.delete(again);
      document.removeEventListener("visibilitychange", onSight);
    };
  }, []);
}

addEventListener("online", reconnect);

export const ORDER_EVENTS = [
  "order:created",
  "order:updated",
  "order:cancelled",
  "order:completed",
  "order:status_changed",
  "order:stock_reserved",
  "order:stock_rejected",
];
