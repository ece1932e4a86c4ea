/** What needs somebody's eyes. */

import { part } from "shared/api.js";
import { ago } from "shared/format.js";
import { html } from "shared/html.js";
import { usePageTitle } from "shared/router.js";
import { Badge, Empty } from "shared/ui.js";

import { markSeen, useUnseen } from "./alerts.js";

const KINDS = {
  reservation_failed: ["bad", "Order refused"],
  dead_letter: ["warn", "Dead letter"],
};

export function AlertsPage() {
  usePageTitle("Alerts · Fieldhouse admin");
  const unseen = useUnseen();
  const all = () => markSeen(unseen.map((alert) => alert.key));
  return html`
    <div class="head">
      <h1 tabindex="-1">Alerts</h1>
      ${unseen.length > 1 &&
      html`<button type="button" class="quiet" onClick=${all}>All looked at</button>`}
    </div>
    ${unseen.length
      ? html`
          <ul class="rows">
            ${unseen.map((alert) => html`<${Alert} key=${alert.key} alert=${alert} />`)}
          </ul>
        `
      : html`
          <${Empty} title="Nothing to look at">
            <p>Refused orders and dead letters appear here as they come.</p>
          <//>
        `}
  `;
}

function Alert({ alert }) {
  const [tone, word] = KINDS[alert.kind] ?? ["bad", alert.kind.replaceAll("_", " ")];
  return html`
    <li class="row">
      <div>
        <p class="row-head">
          <${Badge} tone=${tone}>${word}<//>
          <small><time datetime=${alert.timestamp}>${ago(alert.timestamp)}</time></small>
        </p>
        <p>${alert.message}</p>
      </div>
      <div class="actions">
        ${alert.orderId &&
        html`<a class="button quiet" href=${`/admin/orders/${part(alert.orderId)}`}>Open</a>`}
        <button type="button" class="quiet" onClick=${() => markSeen([alert.key])}>
          Looked at
        </button>
      </div>
    </li>
  `;
}
