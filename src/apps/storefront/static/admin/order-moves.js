/** The moves that an order's status allows, as the service lists them. */

import { api, part } from "shared/api.js";
import { html, useState } from "shared/html.js";
import { CANCELLED, PROCESSING } from "shared/orders.js";
import { useResource } from "shared/resource.js";
import { Dialog, Fault, Field, Form } from "shared/ui.js";

const WORDS = {
  2: "Begin to work on it",
  3: "It is shipped",
  4: "It is delivered",
  5: "Cancel it",
};

export function Moves({ order, found }) {
  const table = useResource(
    async (signal) => (await api.get("orders", "/order-statuses", {}, { signal })).data.statuses,
    "statuses",
  );
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState(null);
  if (!table.data) return null;
  const { next, nextLabels } = table.data.find((one) => one.status === order.status);
  if (!next.length) return html`<p class="muted">This order has come to its end.</p>`;

  const move = async (status, reason) => {
    setError(null);
    try {
      await changeStatus(order, status, reason);
    } catch (fault) {
      if (reason !== undefined) throw fault;
      setError(fault);
    }
    await found.reload();
  };
  const waits = order.stockState !== "reserved" && next.includes(PROCESSING);
  return html`
    <div class="actions">
      ${next.map((status, place) =>
        status === CANCELLED
          ? html`
              <button
                type="button"
                key=${status}
                class="quiet danger"
                onClick=${() => setAsking(true)}
              >
                ${WORDS[status]} …
              </button>
            `
          : html`
              <button
                type="button"
                key=${status}
                disabled=${waits && status === PROCESSING}
                onClick=${() => move(status)}
              >
                ${WORDS[status] ?? nextLabels[place]}
              </button>
            `,
      )}
    </div>
    ${waits && html`<p class="hint">Work can begin when its stock is reserved.</p>`}
    ${error && html`<${Fault} error=${error} />`}
    ${asking &&
    html`<${CancelDialog} order=${order} move=${move} close=${() => setAsking(false)} />`}
  `;
}

/** The version makes sure that nobody moves an order that changed meanwhile. */
const changeStatus = (order, status, reason) =>
  api.patch(
    "orders",
    `/orders/${part(order._id)}/status`,
    { status, ...(reason && { reason }) },
    { headers: { "If-Match": `"${order.version}"` } },
  );

function CancelDialog({ order, move, close }) {
  const cancel = async (form) => {
    await move(CANCELLED, form.get("reason").trim());
    close();
  };
  return html`
    <${Dialog} title=${`Cancel ${order.orderNumber}?`} close=${close}>
      <p>What it holds goes back on sale, and the customer is told.</p>
      <${Form} submit=${cancel} action="Cancel the order">
        <${Field} as="textarea" name="reason" label="Reason" rows="3" maxlength="500" />
      <//>
    <//>
  `;
}
