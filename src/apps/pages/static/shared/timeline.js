/** What became of an order: every change with its time, who made it, and why. */

import { clock, moment } from "shared/format.js";
import { html } from "shared/html.js";
import { changeWords, reasonWords } from "shared/orders.js";

const PARTS = { "products-service": "the stock keeper", "orders-service": "the orders desk" };

/** *owner* is called by name for admins; for the owner it is simply "you". */
export function Timeline({ history, owner, owners = "you" }) {
  const actorOf = ({ actor }) => (actor === owner ? owners : (PARTS[actor] ?? actor));
  return html`
    <ol class="timeline">
      ${[...history].reverse().map(
        (entry) => html`
          <li key=${entry.at + entry.change}>
            <strong>${changeWords(entry)}</strong>
            <small>
              <time datetime=${entry.at} title=${clock(entry.at)}>${moment(entry.at)}</time>
              ${" "}· by ${actorOf(entry)}
            </small>
            ${entry.reason && html`<span class="reason">${reasonWords(entry.reason)}</span>`}
          </li>
        `,
      )}
    </ol>
  `;
}
