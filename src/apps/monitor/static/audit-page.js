/** The conservation audit: what came in is somewhere, for every product. */

import { ago, count, number } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { useSettled } from "shared/resource.js";
import { setQuery, usePageTitle } from "shared/router.js";
import { Badge, Empty, Fault, Field, Note, Pager, Skeleton } from "shared/ui.js";

import { OrderLink, Table } from "./parts.js";
import { usePolled } from "./polling.js";

const PARTS = [
  ["stock", "in stock"],
  ["reserved", "reserved"],
  ["sold", "sold"],
  ["writtenOff", "written off"],
];
const HEAD = [
  "Product",
  ["Received", "right"],
  "is made of",
  ...PARTS.map(([, label]) => [label[0].toUpperCase() + label.slice(1), "right"]),
];

export function AuditPage({ query }) {
  usePageTitle("Audit · Monitor");
  const [search, setSearch] = useState(query.get("search") ?? "");
  const wanted = { search: useSettled(search), page: query.get("page") ?? undefined };
  const { data, meta, error, reload } = usePolled("/audit", wanted, 5);
  const change = (event) => {
    setSearch(event.target.value);
    setQuery({ search: event.target.value }, { replace: true });
  };
  return html`
    <h1 tabindex="-1">Audit</h1>
    <p class="muted">
      For every product, counted anew from the ledger: everything received is in stock, reserved,
      sold or written off.
    </p>
    ${error && html`<${Fault} error=${error} retry=${reload} />`}
    ${!data && !error && html`<${Skeleton} rows=${5} />`}
    ${data &&
    html`
      <${Verdict} audit=${data} />
      <${Sum} sums=${data.sums} />
      ${data.differences.length > 0 && html`<${Differences} audit=${data} />`}
      <div class="narrow spaced">
        <${Field} type="search" label="Product" value=${search} maxlength="200" onInput=${change} />
      </div>
      <${Products} products=${data.products} />
      <${Pager} meta=${meta} go=${(page) => setQuery({ page })} />
    `}
  `;
}

const Verdict = ({ audit }) => html`
  <${Note} tone=${audit.holds ? "good" : "bad"}>
    <p>
      <strong>${audit.holds ? "Everything adds up." : "It does not add up."}</strong>${" "}
      ${count(audit.productCount, "product")}, ${count(audit.movements, "movement")},${" "}
      ${count(audit.ordersReserved, "order holds", "orders hold")} stock.
    </p>
    <small>${ago(audit.at)}, took ${number(Math.round(audit.seconds * 1000))} ms</small>
  <//>
`;

const Sum = ({ sums }) => html`
  <section class="sum" aria-label="All products together">
    <span class="term"><strong>${number(sums.received)}</strong><small>received</small></span>
    ${PARTS.map(
      ([name, label], place) => html`
        <span key=${name} class="sign" aria-hidden="true">${place ? "+" : "="}</span>
        <span class="term" data-part=${name}>
          <strong>${number(sums[name])}</strong><small>${label}</small>
        </span>
      `,
    )}
  </section>
`;

const Differences = ({ audit }) => html`
  <section class="card" aria-label="What does not add up">
    <h2>${count(audit.differenceCount, "difference")}</h2>
    <ul>
      ${audit.differences.map(
        (one, place) => html`
          <li key=${place}>
            <strong>${one.productId}</strong>: ${one.what} is ${one.found} but should be${" "}
            ${one.expected} ${one.orderId && html`, order <${OrderLink} id=${one.orderId} />`}
          </li>
        `,
      )}
    </ul>
  </section>
`;

function Products({ products }) {
  if (!products.length) return html`<${Empty} title="No such product" />`;
  return html`
    <${Table} label="Products" head=${HEAD}>
      ${products.map(
        (product) => html`
          <tr key=${product.productId}>
            <th scope="row">
              ${product.name}${" "}
              ${!product.holds && html`<${Badge} tone="bad">does not add up<//>`}
              <small class="mono">${product.productId}</small>
            </th>
            <td class="right number">${number(product.received)}</td>
            <td><${Bar} product=${product} /></td>
            ${PARTS.map(
              ([name]) => html`<td key=${name} class="right number">${number(product[name])}</td>`,
            )}
          </tr>
        `,
      )}
    <//>
  `;
}

function Bar({ product }) {
  const told = PARTS.map(([name, label]) => `${product[name]} ${label}`).join(", ");
  return html`
    <span class="bar" role="img" aria-label=${told}>
      ${PARTS.map(
        ([name]) =>
          product[name] > 0 &&
          html`<span key=${name} data-part=${name} style=${{ flexGrow: product[name] }}></span>`,
      )}
    </span>
  `;
}
