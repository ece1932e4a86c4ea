/** Messages in rows; one opens in full with a click. */

import { html, useState } from "shared/html.js";
import { Badge, Empty } from "shared/ui.js";

import { MessageDialog } from "./message-dialog.js";
import { eventType, exact } from "./parts.js";

export const placeOf = ({ topic, partition, offset }) => `${topic}-${partition}-${offset}`;

export function MessageList({ messages, fresh = new Set() }) {
  const [open, setOpen] = useState(null);
  if (!messages.length) return html`<${Empty} title="No messages" />`;
  return html`
    <ol class="messages">
      ${messages.map((message) => {
        const place = placeOf(message);
        return html`
          <li key=${place} class=${fresh.has(place) ? "fresh" : ""}>
            <${Row} message=${message} open=${() => setOpen(message)} />
          </li>
        `;
      })}
    </ol>
    ${open && html`<${MessageDialog} message=${open} close=${() => setOpen(null)} />`}
  `;
}

const Row = ({ message, open }) => html`
  <button type="button" class="message" onClick=${open}>
    <span class="message-when">
      <time datetime=${message.timestamp}>${exact(message.timestamp)}</time>
      <small>partition ${message.partition}, offset ${message.offset}</small>
    </span>
    <span class="message-what">
      ${eventType(message) && html`<${Badge}>${eventType(message)}<//>`}
      <span class="mono">${message.key ?? "no key"}</span>
    </span>
    <span class="message-text mono">${snippet(message)}</span>
  </button>
`;

function snippet(message) {
  if (!("value" in message)) return message.text ?? "null";
  const { eventType: _, eventId: __, orderId: ___, ...rest } = Object(message.value);
  return JSON.stringify(typeof message.value === "object" ? rest : message.value).slice(0, 300);
}
