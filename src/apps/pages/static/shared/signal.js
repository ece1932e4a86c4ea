/** A value that others watch. */

import { useEffect, useState } from "shared/html.js";

/**
 * @template T
 * @param {T} first
 */
export function createSignal(first) {
  let value = first;
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const watcher of [...watchers]) watcher(value);
    },
    /** Call *watcher* on every change; returns what ends that. */
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

/** Return the value of *signal*, and draw again when it changes. */
export function useSignal(signal) {
  const [value, setValue] = useState(signal.get());
  useEffect(() => {
    setValue(() => signal.get());
    return signal.watch((next) => setValue(() => next));
  }, [signal]);
  return value;
}
