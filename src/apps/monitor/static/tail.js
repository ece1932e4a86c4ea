/** Messages of one topic as they are asked for: a page back in time, or live at the end. */

import { api, part } from "shared/api.js";
import { useCallback, useEffect, useRef, useState } from "shared/html.js";
import { useEvery } from "shared/resource.js";

import { placeOf } from "./message-list.js";

/** So many rows are kept; the oldest make room. */
export const ROWS_MAX = 500;
const LIMIT = 100;
const EMPTY = { rows: [], fresh: new Set(), loading: true };

/**
 * @param {string} topic
 * @param {object} filter parameters of the API: partition, key, order, search
 * @param {boolean} live whether what comes is added at the top
 */
export function useTail(topic, filter, live) {
  const key = JSON.stringify([topic, filter]);
  const [state, setState] = useState(EMPTY);
  const place = useRef({});
  const busy = useRef(false);

  const read = useCallback(
    async (query) => {
      const path = `/topics/${part(topic)}/messages`;
      const answer = await api.get("monitor", path, { ...filter, limit: LIMIT, ...query });
      return answer.data;
    },
    [key],
  );

  // One at a time, so that no row comes twice; what fails is shown and tried again.
  const step = useCallback(
    async (query, join) => {
      if (busy.current === key) return;
      busy.current = key;
      try {
        const page = await read(query);
        if (busy.current === key) setState((before) => join(before, page));
      } catch (error) {
        if (busy.current === key) setState((before) => ({ ...before, error, loading: false }));
      } finally {
        if (busy.current === key) busy.current = false;
      }
    },
    [read],
  );

  useEffect(() => {
    setState(EMPTY);
    step({}, (_, page) => {
      place.current = { older: page.older, newer: page.newer };
      return { ...EMPTY, loading: false, rows: page.messages, page };
    });
    return () => {
      busy.current = false;
    };
  }, [key]);

  const follow = () =>
    step({ after: place.current.newer }, (before, page) => {
      place.current.newer = page.newer;
      if (!page.messages.length) return before.error ? { ...before, error: undefined } : before;
      const rows = [...page.messages, ...before.rows].slice(0, ROWS_MAX);
      return { ...before, error: undefined, rows, fresh: new Set(page.messages.map(placeOf)) };
    });
  useEvery(live ? 1 : 0, () => place.current.newer && follow());

  const older = () =>
    step({ before: place.current.older }, (before, page) => {
      place.current.older = page.older;
      const rows = [...before.rows, ...page.messages].slice(-ROWS_MAX);
      return { ...before, error: undefined, rows, page, fresh: new Set() };
    });
  return { ...state, older };
}
