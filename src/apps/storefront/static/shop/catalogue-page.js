/** The catalogue: what is on sale, narrowed by the address's query. */

import { api } from "shared/api.js";
import { count } from "shared/format.js";
import { html } from "shared/html.js";
import { useResource } from "shared/resource.js";
import { setQuery, usePageTitle } from "shared/router.js";
import { useLiveStock } from "shared/stock.js";
import { Empty, Fault, Pager, Skeleton } from "shared/ui.js";

import { Filters } from "./filters.js";
import { ProductCard } from "./product-card.js";

const LIMIT = 24;

export function CataloguePage({ query }) {
  usePageTitle("Fieldhouse · things for the home");
  const wanted = Object.fromEntries(query);
  const found = useResource(
    (signal) => api.get("products", ...questionOf(wanted), { signal }),
    query.toString(),
  );
  useLiveStock(found, withNews);
  const total = found.data?.meta.total;
  return html`
    <div class="head">
      <h1 tabindex="-1">Things for the home</h1>
      <p class="muted" role="status">${total !== undefined && count(total, "product")}</p>
    </div>
    <${Filters} wanted=${wanted} />
    ${found.error && html`<${Fault} error=${found.error} retry=${found.reload} />`}
    ${found.data ? html`<${Products} found=${found} />` : found.loading && html`<${Waiting} />`}
  `;
}

/** A search without a wish for an order gives the best match first. */
function questionOf({ search, sort, ...filters }) {
  const query = { ...filters, limit: LIMIT };
  if (search && !sort) return ["/products/search", { ...query, q: search }];
  return ["/products", { ...query, search, sort }];
}

function withNews(answer, productId, news) {
  const products = answer.data.products.map((product) =>
    product._id === productId ? { ...product, ...news } : product,
  );
  return { ...answer, data: { ...answer.data, products } };
}

function Products({ found }) {
  const { data, meta } = found.data;
  if (!data.products.length) {
    return html`
      <${Empty} title="Nothing fits">
        <p>Try fewer words, or another price.</p>
        <a class="button quiet" href="/">Show everything</a>
      <//>
    `;
  }
  const turn = (page) => {
    setQuery({ page });
    scrollTo(0, 0);
  };
  return html`
    <ul class="products" aria-busy=${found.loading}>
      ${data.products.map((one) => html`<${ProductCard} key=${one._id} product=${one} />`)}
    </ul>
    <${Pager} meta=${meta} go=${turn} />
  `;
}

const Waiting = () => html`<div class="products-waiting"><${Skeleton} rows=${8} /></div>`;
