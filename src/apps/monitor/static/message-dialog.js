/** A message in full, with its headers. */

import { api, part } from "shared/api.js";
import { moment, number } from "shared/format.js";
import { html } from "shared/html.js";
import { useResource } from "shared/resource.js";
import { Dialog, Fault } from "shared/ui.js";

import { Content, Headers, exact, orderOf, storyHref } from "./parts.js";

export function MessageDialog({ message, close }) {
  const whole = useResource((signal) => readWhole(message, signal), placeText(message));
  const shown = whole.data ?? message;
  const order = orderOf(shown);
  return html`
    <${Dialog} title=${message.topic} close=${close}>
      <p class="muted">${placeText(message)} · ${moment(message.timestamp)}</p>
      <dl class="facts">
        <div><dt>Key</dt><dd class="mono">${message.key ?? "none"}</dd></div>
        <div><dt>Time</dt><dd>${exact(message.timestamp)}</dd></div>
        <div><dt>Size</dt><dd>${number(message.size)} bytes</dd></div>
      </dl>
      <h3>Value</h3>
      ${whole.error && html`<${Fault} error=${whole.error} />`}
      <${Content} message=${shown} />
      <h3>Headers</h3>
      <${Headers} headers=${message.headers} />
      ${order &&
      html`
        <p class="actions"><a class="button" href=${storyHref(order)}>Story of this order</a></p>
      `}
    <//>
  `;
}

const placeText = ({ topic, partition, offset }) =>
  `${topic}, partition ${partition}, offset ${offset}`;

async function readWhole(message, signal) {
  if (message.isWhole) return message;
  const { topic, partition, offset } = message;
  const query = { partition, from: offset, limit: 1 };
  const answer = await api.get("monitor", `/topics/${part(topic)}/messages`, query, { signal });
  return answer.data.messages[0] ?? message;
}
