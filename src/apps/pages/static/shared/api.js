/** The HTTP API: `await api.get("products", "/products", {page: 2})` gives the whole envelope. */

import { config } from "shared/config.js";
import { session, signOut } from "shared/session.js";

const SECONDS_MAX = 15;

/** What a service refused, or that it could not be reached (then `status` is 0). */
export class ApiError extends Error {
  constructor(status, document) {
    super(document.message);
    this.name = "ApiError";
    this.status = status;
    this.code = document.code ?? "";
    this.fields = document.fields ?? {};
    this.details = document;
  }
}

/**
 * @param {string} method
 * @param {"orders" | "products" | "monitor"} service one of the names in config.json
 * @param {string} path below /api/v1, without a query
 * @param {{query?: object, body?: unknown, headers?: object, signal?: AbortSignal}} [more]
 */
async function call(method, service, path, { query, body, headers, signal } = {}) {
  const who = session.get();
  const timeout = AbortSignal.timeout(SECONDS_MAX * 1000);
  const request = {
    method,
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    headers: {
      ...(who && { Authorization: `Bearer ${who.token}` }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  };
  const answer = await answerOf(addressOf(service, path, query), request, signal);
  const document = await answer.json().catch(() => ({}));
  if (answer.ok) return document;
  if (answer.status === 401 && who && session.get() === who) signOut();
  throw new ApiError(answer.status, {
    message: "The service gave an answer that cannot be read: try again.",
    ...document,
  });
}

async function answerOf(address, request, signal) {
  try {
    return await fetch(address, request);
  } catch (fault) {
    if (signal?.aborted) throw fault;
    throw new ApiError(0, { message: "The service cannot be reached: try again in a moment." });
  }
}

function addressOf(service, path, query) {
  const address = new URL(`/api/v1${path}`, config[service]);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") address.searchParams.set(name, value);
  }
  return address;
}

/** One part of a path, whatever is in it. */
export const part = encodeURIComponent;

export const api = {
  get: (service, path, query, more) => call("GET", service, path, { ...more, query }),
  post: (service, path, body, more) => call("POST", service, path, { ...more, body }),
  put: (service, path, body, more) => call("PUT", service, path, { ...more, body }),
  patch: (service, path, body, more) => call("PATCH", service, path, { ...more, body }),
  remove: (service, path, more) => call("DELETE", service, path, more),
};
