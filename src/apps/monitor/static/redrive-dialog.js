/** Sending dead letters back: first what each would do, then the act, with its progress. */

import { api, part } from "shared/api.js";
import { count, number } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { useEvery, useResource } from "shared/resource.js";
import { Badge, Dialog, Fault, Field, Form, Note, Skeleton } from "shared/ui.js";

const TONES = {
  "would be reserved": "good",
  "would be applied": "good",
  "still short": "warn",
  "price has changed": "warn",
  "still broken": "bad",
  "not kept whole": "bad",
};
const PER_SECOND = 20;
const SHOWN_MAX = 100;

/** *body* says which, in the words of the API: ids or a filter. */
export function RedriveDialog({ title, body, close }) {
  const [run, setRun] = useState(null);
  return html`
    <${Dialog} title=${title} close=${close}>
      ${run
        ? html`<${Progress} first=${run} close=${close} />`
        : html`<${Preview} body=${body} begun=${setRun} />`}
    <//>
  `;
}

function Preview({ body, begun }) {
  const plan = useResource(
    (signal) => api.post("monitor", "/dead-letters/redrive", { ...body, dryRun: true }, { signal }),
    JSON.stringify(body),
  );
  const act = async (form) => {
    const order = { ...body, dryRun: false, perSecond: Number(form.get("perSecond")) };
    begun((await api.post("monitor", "/dead-letters/redrive", order)).data.redrive);
  };
  if (plan.error) return html`<${Fault} error=${plan.error} retry=${plan.reload} />`;
  if (!plan.data) return html`<${Skeleton} />`;
  const { going, leftOut, forecasts, plans, matching } = plan.data.data;
  const considered = going + leftOut;
  return html`
    ${matching > considered &&
    html`<p>The oldest ${number(considered)} of ${number(matching)} go first.</p>`}
    <p>If they were sent back now:</p>
    <p class="actions" role="status">
      ${Object.entries(forecasts).map(
        ([forecast, many]) =>
          html`<${Badge} key=${forecast} tone=${TONES[forecast]}>${number(many)} ${forecast}<//>`,
      )}
    </p>
    <${Plans} plans=${plans} />
    ${leftOut > 0 &&
    html`<p class="muted">${number(leftOut)} will be left out: nothing would come of it.</p>`}
    <${Form}
      submit=${act}
      action=${going ? `Send back ${number(going)}` : "Nothing to send"}
      disabled=${!going}
    >
      <${Field}
        type="number"
        name="perSecond"
        label="At most so many a second"
        min="1"
        max="1000"
        value=${PER_SECOND}
      />
    <//>
  `;
}

const Plans = ({ plans }) => html`
  <ul class="plans" tabindex="0" aria-label="What each would do">
    ${plans.slice(0, SHOWN_MAX).map(
      (plan) => html`
        <li key=${plan.id}>
          <span class="mono">${plan.orderId ?? plan.id}</span>
          <${Badge} tone=${TONES[plan.forecast]}>${plan.forecast}<//>
          ${plan.detail && html`<small>${plan.detail}</small>`}
        </li>
      `,
    )}
    ${plans.length > SHOWN_MAX && html`<li>… and ${number(plans.length - SHOWN_MAX)} more</li>`}
  </ul>
`;

function Progress({ first, close }) {
  const found = useResource(
    (signal) => api.get("monitor", `/dead-letters/redrives/${part(first.id)}`, {}, { signal }),
    first.id,
  );
  const run = found.data?.data.redrive ?? first;
  useEvery(run.state === "running" ? 0.5 : 0, found.reload);
  return html`
    ${found.error && html`<${Fault} error=${found.error} />`}
    <progress value=${run.done} max=${run.total || 1} aria-label="Progress"></progress>
    <p role="status">
      ${run.state === "running"
        ? `${number(run.done)} of ${number(run.total)} …`
        : `${count(run.sent, "dead letter")} sent back, ${number(run.leftOut)} left out.`}
    </p>
    ${run.fault && html`<${Note} tone="bad"><p>${run.fault}</p><//>`}
    <button type="button" onClick=${close}>
      ${run.state === "running" ? "Let it run" : "Done"}
    </button>
  `;
}
