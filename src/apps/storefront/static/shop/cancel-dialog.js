/** Cancelling asks once, and for a reason that nobody has to give. */

import { api, part } from "shared/api.js";
import { html } from "shared/html.js";
import { Dialog, Field, Form } from "shared/ui.js";

export function CancelDialog({ order, close, found }) {
  const cancel = async (form) => {
    const reason = form.get("reason").trim();
    await api.patch("orders", `/orders/${part(order._id)}/cancel`, reason ? { reason } : {});
    close();
    await found.reload();
  };
  return html`
    <${Dialog} title="Cancel this order?" close=${close}>
      <${Form} submit=${cancel} action="Cancel the order">
        <${Field}
          as="textarea"
          name="reason"
          label="Why? (if you like)"
          rows="3"
          maxlength="500"
        />
      <//>
    <//>
  `;
}
