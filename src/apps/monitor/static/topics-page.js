/** Topics at a glance: partitions, messages and lag; who reads them; and what came last. */

import { part } from "shared/api.js";
import { count, number } from "shared/format.js";
import { html } from "shared/html.js";
import { usePageTitle } from "shared/router.js";
import { Badge, Fault, Skeleton } from "shared/ui.js";

import { MessageList } from "./message-list.js";
import { Lag, Table } from "./parts.js";
import { usePolled } from "./polling.js";

/** In the order in which an order meets them; others follow by name. */
const FLOW = [
  "inventory.reserve",
  "inventory.release",
  "order.created",
  "order.status.changed",
  "order.cancelled",
  "order.completed",
  "inventory.reserved",
  "inventory.rejected",
  "inventory.released",
  "inventory.adjusted",
];
const RECENT = "inventory.reserve";
const HEAD = ["Topic", ["Partitions", "right"], ["Messages", "right"], ["Lag", "right"]];

export function TopicsPage() {
  usePageTitle("Topics · Monitor");
  const { data, error, reload } = usePolled("/topics");
  const topics = inFlow(data?.topics ?? []);
  const alive = topics.filter((topic) => !topic.isDeadLetters);
  const dead = topics.filter((topic) => topic.isDeadLetters);
  return html`
    <h1 tabindex="-1">Topics ${data && `(${topics.length})`}</h1>
    ${error && html`<${Fault} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} rows=${6} />`}
    ${alive.length > 0 &&
    html`
      <${TopicTable} label="Topics" topics=${alive} />
      <${Consumers} />
      <${Recent} />
    `}
    ${dead.length > 0 &&
    html`
      <h2 class="spaced">Dead letter topics</h2>
      <p class="muted">
        One for every topic that a service of ours consumes. The orders service reads them to tell
        the admins.
      </p>
      <${TopicTable} label="Dead letter topics" topics=${dead} />
    `}
  `;
}

function inFlow(topics) {
  const place = ({ name }) => (FLOW.indexOf(name.replace(/\.dlq$/, "")) + 1 || FLOW.length + 1);
  return topics.toSorted((one, other) => place(one) - place(other));
}

/** Who reads them, in a line each. */
function Consumers() {
  const { data } = usePolled("/groups");
  if (!data) return null;
  return html`
    <h2 class="spaced">Consumers (${data.groups.length})</h2>
    <div class="two">
      ${data.groups.map(
        (group) => html`
          <section class="card" key=${group.name} aria-label=${group.name}>
            <div class="head">
              <h3><a href="/groups">${group.name}</a></h3>
              <${Badge} tone=${group.state === "Stable" ? "good" : "bad"}>${group.state}<//>
            </div>
            <p>
              ${count(group.members.length, "member")},${" "}
              ${count(group.lag.messages, "message")} behind
            </p>
          </section>
        `,
      )}
    </div>
  `;
}

function Recent() {
  const { data } = usePolled(`/topics/${RECENT}/messages`, { limit: 5 });
  if (!data?.messages.length) return null;
  return html`
    <div class="head">
      <h2>Recent messages (${RECENT})</h2>
      <a class="button quiet" href=${`/messages?topic=${RECENT}`}>All messages</a>
    </div>
    <${MessageList} messages=${data.messages} />
  `;
}

const TopicTable = ({ label, topics }) => html`
  <${Table} label=${label} head=${HEAD}>
    ${topics.map(
      (topic) => html`
        <tr key=${topic.name}>
          <th scope="row"><a href=${`/topics/${part(topic.name)}`}>${topic.name}</a></th>
          <td class="right number">${topic.partitions.length}</td>
          <td class="right number">${number(topic.messages)}</td>
          <td class="right number"><${Lag} lag=${topic.lag} /></td>
        </tr>
      `,
    )}
  <//>
`;
