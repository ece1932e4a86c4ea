/** A number of units, by buttons or by hand. */

import { html } from "shared/html.js";

const MOST = 1_000_000;

export function Quantity({ value, label, set, least = 1 }) {
  const onInput = (event) => {
    const wanted = Math.trunc(Number(event.target.value));
    if (wanted >= Math.max(least, 1) && wanted <= MOST) set(wanted);
  };
  const restore = (event) => {
    event.target.value = value;
  };
  return html`
    <div class="quantity" role="group" aria-label=${label}>
      <button
        type="button"
        aria-label="One less"
        disabled=${value <= least}
        onClick=${() => set(value - 1)}
      >
        −
      </button>
      <input
        type="number"
        inputmode="numeric"
        min=${least}
        max=${MOST}
        aria-label=${label}
        value=${value}
        onInput=${onInput}
        onBlur=${restore}
      />
      <button
        type="button"
        aria-label="One more"
        disabled=${value >= MOST}
        onClick=${() => set(value + 1)}
      >
        +
      </button>
    </div>
  `;
}
