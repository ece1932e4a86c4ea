/** Consumer groups: who reads what, and how far each is behind. */

import { part } from "shared/api.js";
import { Chart } from "shared/chart.js";
import { ago, count, number } from "shared/format.js";
import { html } from "shared/html.js";
import { usePageTitle } from "shared/router.js";
import { Badge, Empty, Fault, Skeleton } from "shared/ui.js";

import { Table, duration } from "./parts.js";
import { secondsOf, usePolled, useSamples } from "./polling.js";

const HEAD = [
  "Topic",
  ["Partition", "right"],
  ["Committed", "right"],
  ["End", "right"],
  ["Lag", "right"],
  ["Committed at", "right"],
];

export function GroupsPage() {
  usePageTitle("Groups · Monitor");
  const { data, error, reload } = usePolled("/groups");
  const samples = useSamples();
  return html`
    <h1 tabindex="-1">Consumer groups</h1>
    ${error && html`<${Fault} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} rows=${4} />`}
    ${data?.groups.length === 0 && html`<${Empty} title="Nobody has consumed anything yet" />`}
    ${data?.groups.map(
      (group) => html`<${Group} key=${group.name} group=${group} samples=${samples} />`,
    )}
  `;
}

function Group({ group, samples }) {
  const { messages, seconds } = group.lag;
  return html`
    <section class="card" aria-label=${group.name}>
      <div class="head">
        <h2>${group.name}</h2>
        <${Badge} tone=${toneOf(group)}>${group.state}<//>
      </div>
      <div class="tiles small">
        <div class="tile">
          <span class="tile-label">Members</span>
          <span class="tile-value">${number(group.members.length)}</span>
        </div>
        <div class="tile">
          <span class="tile-label">Messages behind</span>
          <span class="tile-value">${number(messages)}</span>
        </div>
        <div class="tile">
          <span class="tile-label">Time behind</span>
          <span class="tile-value">${duration(seconds)}</span>
        </div>
      </div>
      <${LagChart} name=${group.name} samples=${samples} />
      <${Members} members=${group.members} />
      <details>
        <summary>Offsets of ${count(group.partitions.length, "partition")}</summary>
        <${Offsets} partitions=${group.partitions} name=${group.name} />
      </details>
    </section>
  `;
}

function toneOf(group) {
  if (group.state === "Stable") return group.lag.seconds > 5 ? "warn" : "good";
  return group.members.length ? "warn" : "bad";
}

function LagChart({ name, samples }) {
  if (samples.length < 3) return null;
  const lags = samples.map((one) => one.groups[name]?.messages ?? null);
  const ages = samples.map((one) => one.groups[name]?.seconds ?? null);
  return html`
    <${Chart}
      label=${`Lag of ${name} over the last half hour`}
      times=${samples.map((one) => secondsOf(one.at))}
      series=${[
        { label: "messages behind", values: lags, colour: "accent" },
        { label: "seconds behind", values: ages, colour: "warn" },
      ]}
      whole
    />
  `;
}

function Members({ members }) {
  if (!members.length) {
    return html`<p class="note" data-tone="bad">Nobody consumes. What comes waits in the log.</p>`;
  }
  return html`
    <ul class="members">
      ${members.map(
        (member) => html`
          <li key=${member.id}>
            <strong class="mono">${member.id}</strong>
            <span class="assigned">
              ${byTopic(member.partitions).map(
                ([topic, partitions]) => html`
                  <a key=${topic} class="chip" href=${`/topics/${part(topic)}`}>
                    ${topic} <span class="number">${partitions.join(" ")}</span>
                  </a>
                `,
              )}
            </span>
          </li>
        `,
      )}
    </ul>
  `;
}

function byTopic(partitions) {
  const topics = new Map();
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  return [...topics];
}

const Offsets = ({ partitions, name }) => html`
  <${Table} label=${`Offsets of ${name}`} head=${HEAD}>
    ${partitions.map(
      (one) => html`
        <tr key=${one.topic + one.partition}>
          <th scope="row">${one.topic}</th>
          <td class="right number">${one.partition}</td>
          <td class="right number">${one.committed === null ? "–" : number(one.committed)}</td>
          <td class="right number">${number(one.end)}</td>
          <td class="right number">${number(one.lag)}</td>
          <td class="right">${one.committedAt ? ago(one.committedAt) : "–"}</td>
        </tr>
      `,
    )}
  <//>
`;
