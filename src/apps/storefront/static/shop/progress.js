/** How far an order has come, at a glance, and where its stock stands, in words. */

import { html } from "shared/html.js";
import { CANCELLED, stockSentence, stockTone } from "shared/orders.js";
import { Note } from "shared/ui.js";

const STEPS = ["Placed", "Reserved", "Processing", "Shipped", "Delivered"];

function stepOf(order) {
  if (order.status > 1) return order.status;
  return order.stockState === "reserved" ? 1 : 0;
}

export function Progress({ order }) {
  if (order.status === CANCELLED) {
    return html`<${Note} tone="calm"><p>This order is cancelled. ${stockAfterwards(order)}</p><//>`;
  }
  const reached = stepOf(order);
  const stuck = order.stockState === "rejected";
  return html`
    <section class="card progress-card" aria-label="Progress">
      <ol class="steps" data-stuck=${stuck}>
        ${STEPS.map(
          (label, place) => html`
            <li
              key=${label}
              class=${place <= reached ? "reached" : ""}
              aria-current=${place === reached ? "step" : undefined}
            >
              ${label}
            </li>
          `,
        )}
      </ol>
      <p class="stock-words" data-tone=${stockTone(order)} role="status">
        ${stockSentence(order)}
      </p>
    </section>
  `;
}

const stockAfterwards = (order) => (order.stockState === "released" ? stockSentence(order) : "");
