/** One topic: its partitions, who reads them, and its latest messages. */

import { part } from "shared/api.js";
import { number } from "shared/format.js";
import { html } from "shared/html.js";
import { usePageTitle } from "shared/router.js";
import { Empty, Fault, Skeleton } from "shared/ui.js";

import { MessageList } from "./message-list.js";
import { Table } from "./parts.js";
import { usePolled } from "./polling.js";

export function TopicPage({ name }) {
  usePageTitle(`${name} · Monitor`);
  const { data, error, reload } = usePolled("/topics");
  const topic = data?.topics.find((one) => one.name === name);
  return html`
    <p class="crumbs"><a href="/topics">Topics</a></p>
    <h1 tabindex="-1">${name}</h1>
    ${error && html`<${Fault} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} />`}
    ${data && !topic && html`<${Empty} title="There is no such topic" />`}
    ${topic && html`<${Partitions} topic=${topic} /><${Latest} name=${name} />`}
  `;
}

function Partitions({ topic }) {
  const groups = Object.keys(topic.lag);
  const head = [
    "Partition",
    ["First offset", "right"],
    ["Next offset", "right"],
    ["Messages", "right"],
    ...groups.map((group) => [`Lag of ${group}`, "right"]),
  ];
  return html`
    <${Table} label="Partitions" head=${head}>
      ${topic.partitions.map(
        (one) => html`
          <tr key=${one.partition}>
            <th scope="row"><a href=${messagesHref(topic, one)}>${one.partition}</a></th>
            <td class="right number">${number(one.begin)}</td>
            <td class="right number">${number(one.end)}</td>
            <td class="right number">${number(one.messages)}</td>
            ${groups.map(
              (group) => html`<td key=${group} class="right number">${number(one.lag[group])}</td>`,
            )}
          </tr>
        `,
      )}
    <//>
    ${!groups.length && html`<p class="muted">No group of ours reads this topic: anyone may.</p>`}
  `;
}

const messagesHref = (topic, { partition }) =>
  `/messages?topic=${part(topic.name)}&partition=${partition}`;

function Latest({ name }) {
  const { data } = usePolled(`/topics/${part(name)}/messages`, { limit: 10 });
  return html`
    <div class="head spaced">
      <h2>Latest messages</h2>
      <a class="button quiet" href=${`/messages?topic=${part(name)}`}>All messages</a>
    </div>
    ${data && html`<${MessageList} messages=${data.messages} />`}
  `;
}
