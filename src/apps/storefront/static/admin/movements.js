/** Entries of the ledger, as a table. */

import { part } from "shared/api.js";
import { moment, number } from "shared/format.js";
import { html } from "shared/html.js";
import { reasonWords } from "shared/orders.js";

const KINDS = {
  received: "Received",
  reserved: "Reserved",
  released: "Given back",
  consumed: "Sold",
  written_off: "Written off",
};

const signed = (value) => (value > 0 ? `+${number(value)}` : number(value).replace("-", "−"));

/** *first* is what the first column says of an entry. */
export const Movements = ({ movements, heading, first }) => html`
  <div class="table stacked" tabindex="0" role="region" aria-label="Movements">
    <table>
      <thead>
        <tr>
          <th scope="col">${heading}</th>
          <th scope="col">What</th>
          <th scope="col" class="right">Stock</th>
          <th scope="col" class="right">After it</th>
          <th scope="col" class="right">When</th>
        </tr>
      </thead>
      <tbody>
        ${movements.map(
          (entry) => html`
            <tr key=${entry._id} class="movement">
              <td>${first(entry)}</td>
              <td>
                ${KINDS[entry.kind] ?? entry.kind} ${number(entry.qty)}
                ${entry.reason && html`<small class="reason">${reasonWords(entry.reason)}</small>`}
              </td>
              <td class="right number">${signed(entry.change)}</td>
              <td class="right number">${number(entry.balance)}</td>
              <td class="right">
                <time datetime=${entry.at}>${moment(entry.at)}</time>
                <small>${entry.actor}</small>
              </td>
            </tr>
          `,
        )}
      </tbody>
    </table>
  </div>
`;

export const OrderLink = ({ orderId }) =>
  orderId
    ? html`<a class="mono" href=${`/admin/orders/${part(orderId)}`}>${orderId.slice(0, 12)}</a>`
    : html`<span class="muted">by hand</span>`;
