/** Messages of a topic: searched, paged back in time, or followed live. */

import { number } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { useSettled } from "shared/resource.js";
import { setQuery, usePageTitle } from "shared/router.js";
import { Fault, Field, Skeleton } from "shared/ui.js";

import { MessageList } from "./message-list.js";
import { usePolled } from "./polling.js";
import { ROWS_MAX, useTail } from "./tail.js";

const FIRST_TOPIC = "inventory.reserve";
const FILTERS = [
  ["key", "Key"],
  ["order", "Order"],
  ["search", "Text"],
];

export function MessagesPage({ query }) {
  usePageTitle("Messages · Monitor");
  const topic = query.get("topic") ?? FIRST_TOPIC;
  const [filter, setFilter] = useState(() => readFilter(query));
  const [live, setLive] = useState(true);
  const wanted = { ...useSettled(filter), partition: query.get("partition") ?? undefined };
  const change = (values) => {
    setFilter((before) => ({ ...before, ...values }));
    setQuery(values, { replace: true });
  };
  return html`
    <div class="head">
      <h1 tabindex="-1">Messages</h1>
      <label class="check">
        <input
          type="checkbox"
          role="switch"
          checked=${live}
          onChange=${(event) => setLive(event.target.checked)}
        />
        Live
      </label>
    </div>
    <${Filters} topic=${topic} partition=${wanted.partition} filter=${filter} change=${change} />
    <${Found} topic=${topic} filter=${wanted} live=${live} />
  `;
}

const readFilter = (query) =>
  Object.fromEntries(FILTERS.map(([name]) => [name, query.get(name) ?? ""]));

function Filters({ topic, partition, filter, change }) {
  const { data } = usePolled("/topics", {}, 0);
  const topics = data?.topics ?? [{ name: topic, partitions: [] }];
  const partitions = topics.find((one) => one.name === topic)?.partitions ?? [];
  const choose = (name) => (event) => setQuery({ partition: "", [name]: event.target.value });
  return html`
    <section class="filters" aria-label="Which messages">
      <${Field} as="select" label="Topic" value=${topic} onChange=${choose("topic")}>
        ${topics.map(
          ({ name }) => html`<option key=${name} selected=${name === topic}>${name}</option>`,
        )}
      <//>
      <${Field} as="select" label="Partition" onChange=${choose("partition")}>
        <option value="" selected=${partition === undefined}>All</option>
        ${partitions.map((one) => {
          const value = String(one.partition);
          return html`<option key=${value} selected=${value === partition}>${value}</option>`;
        })}
      <//>
      ${FILTERS.map(
        ([name, label]) => html`
          <${Field}
            key=${name}
            label=${label}
            type="search"
            maxlength="200"
            value=${filter[name]}
            onInput=${(event) => change({ [name]: event.target.value })}
          />
        `,
      )}
    </section>
  `;
}

function Found({ topic, filter, live }) {
  const tail = useTail(topic, filter, live);
  if (tail.loading) return html`<${Skeleton} rows=${5} />`;
  const { page, rows } = tail;
  const full = rows.length >= ROWS_MAX;
  const over = page && page.isComplete && !page.messages.length;
  return html`
    ${tail.error && html`<${Fault} error=${tail.error} />`}
    <${MessageList} messages=${rows} fresh=${tail.fresh} />
    <div class="pager">
      <span>
        ${number(rows.length)} shown${full ? ", the most that are kept: narrow the search" : ""}
        ${page && !page.isComplete ? `, ${number(page.scanned)} searched: go on with Older` : ""}
      </span>
      <button type="button" class="quiet" disabled=${full || over} onClick=${tail.older}>
        Older
      </button>
    </div>
  `;
}
