/** What a page reads over HTTP: the last answer stays on the page while a new one is on its way. */

import { useCallback, useEffect, useRef, useState } from "shared/html.js";

/**
 * Read with *load* whenever *key* changes.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {string} key names what is read; answers of an older key are dropped
 * @returns {{data?: T, error?: Error, loading: boolean, reload: () => Promise<void>,
 *   change: (edit: (data: T) => T) => void}} *change* edits the answer in place, as a push does
 */
export function useResource(load, key) {
  const [state, setState] = useState({ key, loading: true });
  const latest = useRef({ load });
  latest.current.load = load;

  const read = useCallback(async () => {
    latest.current.abort?.abort();
    const abort = new AbortController();
    latest.current.abort = abort;
    setState((before) => ({ ...before, loading: true }));
    try {
      const data = await latest.current.load(abort.signal);
      if (!abort.signal.aborted) setState({ key, data, loading: false });
    } catch (error) {
      if (!abort.signal.aborted) setState((before) => ({ ...before, key, error, loading: false }));
    }
  }, [key]);

  useEffect(() => {
    read();
    return () => latest.current.abort?.abort();
  }, [read]);

  const change = useCallback((edit) => {
    setState((before) => (before.data ? { ...before, data: edit(before.data) } : before));
  }, []);
  return { ...state, reload: read, change };
}

/** Call *work* every *seconds* while the page is in sight; 0 rests. */
export function useEvery(seconds, work) {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    if (!seconds) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") latest.current();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
}

/** Return *value* once it has rested for *milliseconds*: for search fields. */
export function useSettled(value, milliseconds = 250) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
