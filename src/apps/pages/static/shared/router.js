/** Addresses of this document: plain links are followed without loading it again. */

import { html, useEffect, useLayoutEffect } from "shared/html.js";
import { createSignal, useSignal } from "shared/signal.js";

const here = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });
const place = createSignal(here());
let owns = () => true;
let moved = false;

/** Follow links within this document; *isOurs* tells which paths are. */
export function openRouter(isOurs) {
  owns = isOurs;
  addEventListener("popstate", () => place.set(here()));
  document.addEventListener("click", onClick);
}

function onClick(event) {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link || !plain || event.altKey || event.defaultPrevented || link.target) return;
  if (link.origin !== location.origin || !owns(link.pathname) || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

/** Go to *address*; *replace* leaves no step back to where one is. */
export function go(address, { replace = false } = {}) {
  const before = location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  place.set(here());
  if (before === location.pathname) return;
  moved = true;
  scrollTo(0, 0);
}

/** Set the query's values given; empty ones are left out, and the page number with them. */
export function setQuery(values, { replace = false } = {}) {
  const query = new URLSearchParams(location.search);
  if (!("page" in values)) query.delete("page");
  for (const [name, value] of Object.entries(values)) {
    if (value === "" || value === null || value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(location.pathname + (text && `?${text}`), { replace });
}

export const usePlace = () => useSignal(place);

/**
 * Draw the first of *routes* whose pattern fits the path; a `:name` in it is one part.
 *
 * @param {{routes: [string, Function][], missing: Function}} props
 */
export function Routes({ routes, missing }) {
  const { path, query } = usePlace();
  for (const [pattern, Page] of routes) {
    const params = match(pattern, path);
    if (params) return html`<${Page} key=${path} ...${params} query=${query} />`;
  }
  return html`<${missing} />`;
}

function match(pattern, path) {
  const wanted = pattern.split("/");
  const found = path.replace(/(?<=.)\/$/, "").split("/");
  if (wanted.length !== found.length) return null;
  const params = {};
  for (const [place_, name] of wanted.entries()) {
    if (name.startsWith(":")) params[name.slice(1)] = decoded(found[place_]);
    else if (name !== found[place_]) return null;
  }
  return params;
}

/** A part of the path as it was meant, or as it stands there if it was never meant so. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Name the page in the tab; after a step to it, readers and keyboards begin at its heading. */
export function usePageTitle(title) {
  useLayoutEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    if (moved) document.querySelector("h1, main")?.focus({ preventScroll: true });
    moved = false;
  }, []);
}
