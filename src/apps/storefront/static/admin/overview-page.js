/** How the shop does: orders an hour, what was reserved and refused, what is sold out. */

import { api, part } from "shared/api.js";
import { Chart } from "shared/chart.js";
import { count, number } from "shared/format.js";
import { html, useRef } from "shared/html.js";
import { ORDER_EVENTS, useLive, useReadAgain } from "shared/live.js";
import { Picture } from "shared/picture.js";
import { useEvery, useResource } from "shared/resource.js";
import { usePageTitle } from "shared/router.js";
import { Stock } from "shared/stock.js";
import { Empty, Fault, Skeleton } from "shared/ui.js";

import { readFigures } from "./figures.js";

const AGAIN_SECONDS = 60;
const CALM_MILLISECONDS = 1500;

export function OverviewPage() {
  usePageTitle("Overview · Fieldhouse admin");
  const found = useResource(readFigures, "overview");
  const later = useRef();
  // Many orders at once are one reason to count again.
  useLive([...ORDER_EVENTS, "product:stock_changed"], () => {
    later.current ??= setTimeout(() => {
      later.current = undefined;
      found.reload();
    }, CALM_MILLISECONDS);
  });
  useEvery(AGAIN_SECONDS, found.reload);
  useReadAgain(found.reload);
  return html`
    <h1 tabindex="-1">Overview</h1>
    ${found.error && html`<${Fault} error=${found.error} retry=${found.reload} />`}
    ${found.data ? html`<${Figures} ...${found.data} />` : found.loading && html`<${Skeleton} />`}
  `;
}

const Figures = ({ totals, hours, low }) => html`
  <ul class="tiles">
    <${Tile} href="/admin/orders" label="Orders this hour" value=${hours.placed.at(-1)} />
    <${Tile} href="/admin/orders?status=pending" label="Pending" value=${totals.pending} />
    <${Tile} href="/admin/orders?stockState=reserved" label="Reserved" value=${totals.reserved} />
    <${Tile}
      href="/admin/orders?stockState=rejected&status=pending"
      label="Refused and open"
      value=${totals.refused}
      tone="bad"
    />
    <${Tile}
      href="/admin/products?sort=stock"
      label="Sold out"
      value=${totals.soldOut}
      tone="warn"
    />
  </ul>
  <div class="charts">
    <section class="card">
      <h2>Orders an hour</h2>
      <${Chart}
        label=${`Orders an hour, the last ${hours.times.length} hours`}
        times=${hours.times}
        series=${[{ label: "Orders", values: hours.placed, bars: true }]}
        format=${whole}
      />
    </section>
    <section class="card">
      <h2>Reserved and refused</h2>
      <${Chart}
        label="Reserved and refused orders an hour"
        times=${hours.times}
        series=${[
          { label: "Reserved", values: hours.reserved, colour: "good" },
          { label: "Refused", values: hours.refused, colour: "bad" },
        ]}
        format=${whole}
      />
    </section>
  </div>
  <section class="card">
    <h2>Runs out first</h2>
    <${Low} products=${low} />
  </section>
`;

const whole = (value) => (Number.isInteger(value) ? number(value) : "");

const Tile = ({ href, label, value, tone }) => html`
  <li>
    <a class="tile" href=${href} data-tone=${value > 0 ? tone : undefined}>
      <span class="tile-value">${number(value)}</span>
      <span class="tile-label">${label}</span>
    </a>
  </li>
`;

function Low({ products }) {
  if (!products.length) return html`<${Empty} title="There is enough of everything" />`;
  return html`
    <ul class="plain low" aria-label=${count(products.length, "product")}>
      ${products.map(
        (product) => html`
          <li key=${product._id}>
            <a class="product-cell" href=${`/admin/products/${part(product._id)}`}>
              <${Picture} product=${product} size=${40} /><span>${product.name}</span>
            </a>
            <${Stock} product=${product} />
          </li>
        `,
      )}
    </ul>
  `;
}
