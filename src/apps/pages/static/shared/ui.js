/** Small parts that every page is made of. */

import { html, useEffect, useId, useRef, useState } from "shared/html.js";
import { createSignal, useSignal } from "shared/signal.js";

/** A word on a coloured ground; *tone* is good, warn, bad, info, calm or none. */
export const Badge = ({ tone = "calm", children }) =>
  html`<span class="badge" data-tone=${tone}>${children}</span>`;

/** What a service refused, in its own sentence, with a way to try again. */
export const Fault = ({ error, retry }) => html`
  <div class="note" data-tone="bad" role="alert">
    <p>${error.message}</p>
    ${retry && html`<button type="button" class="quiet" onClick=${retry}>Try again</button>`}
  </div>
`;

export const Note = ({ tone = "info", children }) =>
  html`<div class="note" data-tone=${tone} role="status">${children}</div>`;

export const Empty = ({ title, children }) => html`
  <div class="empty">
    <p class="empty-title">${title}</p>
    ${children}
  </div>
`;

/** Grey places where something will be. */
export const Skeleton = ({ rows = 3 }) => html`
  <div class="skeleton" aria-hidden="true">
    ${Array.from({ length: rows }, (_, row) => html`<span key=${row}></span>`)}
  </div>
  <p class="unseen" role="status">Loading</p>
`;

/** A field with its label, a hint, and what is wrong with it. */
export function Field({ label, error, hint, as = "input", children, ...rest }) {
  const id = useId();
  const told = error ?? hint;
  return html`
    <div class=${`field ${rest.class ?? ""}`}>
      <label for=${id}>${label}</label>
      <${as}
        ...${rest}
        class=""
        id=${id}
        aria-invalid=${error ? "true" : undefined}
        aria-describedby=${told ? `${id}-told` : undefined}
        >${children}<//
      >
      ${told && html`<small id=${`${id}-told`} class=${error ? "error" : ""}>${told}</small>`}
    </div>
  `;
}

/** Steps through pages; *go* is called with the number of one. */
export function Pager({ meta, go }) {
  if (!meta || meta.pages <= 1) return null;
  const { page, pages } = meta;
  return html`
    <nav class="pager" aria-label="Pages">
      <button type="button" class="quiet" disabled=${page <= 1} onClick=${() => go(page - 1)}>
        ← Back
      </button>
      <span>Page ${page} of ${pages}</span>
      <button type="button" class="quiet" disabled=${page >= pages} onClick=${() => go(page + 1)}>
        Next →
      </button>
    </nav>
  `;
}

/** A dialog over the page, open as long as it is drawn; Escape calls *close*. */
export function Dialog({ title, close, children }) {
  const dialog = useRef();
  const id = useId();
  useEffect(() => {
    dialog.current.showModal();
  }, []);
  const onCancel = (event) => {
    event.preventDefault();
    close();
  };
  return html`
    <dialog ref=${dialog} aria-labelledby=${id} onCancel=${onCancel}>
      <div class="dialog">
        <header>
          <h2 id=${id}>${title}</h2>
          <button type="button" class="icon" aria-label="Close" onClick=${close}>✕</button>
        </header>
        ${children}
      </div>
    </dialog>
  `;
}

/** A form whose submit runs once at a time; what it throws is shown in it. */
export function Form({ submit, action, children, class: name = "", disabled = false }) {
  const [state, setState] = useState({ busy: false });
  const busy = useRef(false);
  const onSubmit = async (event) => {
    event.preventDefault();
    if (busy.current) return;
    busy.current = true;
    setState({ busy: true });
    const error = await outcome(() => submit(new FormData(event.target)));
    busy.current = false;
    setState({ busy: false, error });
  };
  const fields = state.error?.fields ?? {};
  return html`
    <form class=${name} onSubmit=${onSubmit} novalidate>
      ${typeof children === "function" ? children(fields) : children}
      ${state.error && html`<${Fault} error=${state.error} />`}
      <button type="submit" aria-busy=${state.busy} disabled=${disabled}>${action}</button>
    </form>
  `;
}

async function outcome(work) {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

const toasts = createSignal([]);
const TOAST_SECONDS = 6;
let toastCount = 0;

/** Say something at the edge of the page, for a moment. */
export function toast(text, { tone = "info", href } = {}) {
  const one = { id: ++toastCount, text, tone, href };
  toasts.set([...toasts.get().slice(-2), one]);
  setTimeout(() => toasts.set(toasts.get().filter((x) => x !== one)), TOAST_SECONDS * 1000);
}

export function Toasts() {
  const shown = useSignal(toasts);
  return html`
    <div class="toasts" role="status" aria-live="polite">
      ${shown.map(
        ({ id, text, tone, href }) => html`
          <p key=${id} class="toast" data-tone=${tone}>
            ${href ? html`<a href=${href}>${text}</a>` : text}
          </p>
        `,
      )}
    </div>
  `;
}
