/** What admins may change of an order beside its status. */

import { api, part } from "shared/api.js";
import { html } from "shared/html.js";
import { PAYMENT_STATUSES } from "shared/orders.js";
import { Field, Form, toast } from "shared/ui.js";

export function Details({ order, found }) {
  const save = async (form) => {
    const changes = changesIn(form, order);
    if (!Object.keys(changes).length) return;
    await api.put("orders", `/orders/${part(order._id)}`, changes, {
      headers: { "If-Match": `"${order.version}"` },
    });
    toast("Saved.", { tone: "good" });
    await found.reload();
  };
  return html`
    <${Form} submit=${save} action="Save">
      ${(faults) => html`
        <${Field}
          as="select"
          name="paymentStatus"
          label="Payment"
          error=${faults.paymentStatus}
        >
          ${PAYMENT_STATUSES.map(
            (label, place) => html`
              <option key=${label} value=${place + 1} selected=${place + 1 === order.paymentStatus}>
                ${label}
              </option>
            `,
          )}
        <//>
        <${Field}
          name="trackingNumber"
          label="Tracking number"
          maxlength="100"
          defaultValue=${order.trackingNumber ?? ""}
          error=${faults.trackingNumber}
        />
      `}
    <//>
  `;
}

function changesIn(form, order) {
  const paymentStatus = Number(form.get("paymentStatus"));
  const trackingNumber = form.get("trackingNumber").trim();
  return {
    ...(paymentStatus !== order.paymentStatus && { paymentStatus }),
    ...(trackingNumber && trackingNumber !== order.trackingNumber && { trackingNumber }),
  };
}
