/** Reading again and again while the page is in sight, and the samples of the last half hour. */

import { api } from "shared/api.js";
import { useEffect, useRef, useState } from "shared/html.js";
import { useEvery, useResource } from "shared/resource.js";

const SAMPLES_MAX = 900;

/** Read from the monitor every *seconds*; the last answer stays while a new one is on its way. */
export function usePolled(path, query = {}, seconds = 2) {
  const key = `${path} ${JSON.stringify(query)}`;
  const load = (signal) => api.get("monitor", path, query, { signal });
  const found = useResource(load, key);
  useEvery(seconds, found.reload);
  return { ...found, data: found.data?.data, meta: found.data?.meta };
}

/** The samples, oldest first; only what is new is asked for. */
export function useSamples(seconds = 2) {
  const [samples, setSamples] = useState([]);
  const last = useRef(undefined);
  const read = async () => {
    const answer = await api.get("monitor", "/samples", { since: last.current }).catch(() => null);
    const found = answer?.data.samples.filter((one) => !(one.at <= last.current)) ?? [];
    if (!found.length) return;
    last.current = found.at(-1).at;
    setSamples((before) => [...before, ...found].slice(-SAMPLES_MAX));
  };
  useEffect(() => void read(), []);
  useEvery(seconds, read);
  return samples;
}

export const secondsOf = (time) => Date.parse(time) / 1000;

/** By how much *what* grew a second between each sample and the one before. */
export function ratesOf(samples, what) {
  return samples.map((sample, place) => {
    const before = samples[place - 1];
    if (!before) return null;
    const seconds = secondsOf(sample.at) - secondsOf(before.at);
    return seconds > 0 ? Math.max(sample[what] - before[what], 0) / seconds : 0;
  });
}
