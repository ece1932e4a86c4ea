/** All products, those that run out first. */

import { api, part } from "shared/api.js";
import { cents, count, money, number } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { Picture } from "shared/picture.js";
import { useResource } from "shared/resource.js";
import { go, setQuery, usePageTitle } from "shared/router.js";
import { Stock, useLiveStock } from "shared/stock.js";
import { Badge, Dialog, Empty, Fault, Pager, Skeleton } from "shared/ui.js";

import { ProductForm } from "./product-form.js";
import { Choice, SearchField, SortHeading } from "./table.js";

const LIMIT = 25;
const LOW_FIRST = "stock";
const SALES = [
  ["", "On sale"],
  ["true", "Also off sale"],
];

export function ProductsPage({ query }) {
  usePageTitle("Products · Fieldhouse admin");
  const wanted = Object.fromEntries(query);
  const sort = wanted.sort ?? LOW_FIRST;
  const found = useResource(
    (signal) => api.get("products", "/products", { ...wanted, sort, limit: LIMIT }, { signal }),
    query.toString(),
  );
  useLiveStock(found, withNews);
  return html`
    <div class="head">
      <h1 tabindex="-1">Products</h1>
      <${Add} />
    </div>
    <search class="tools">
      <${SearchField}
        label="Search products"
        placeholder="Name, brand, number, tag"
        value=${wanted.search ?? ""}
      />
      <${Choice}
        name="includeInactive"
        label="Which"
        value=${wanted.includeInactive}
        options=${SALES}
      />
      <p class="muted" role="status">${found.data && count(found.data.meta.total, "product")}</p>
    </search>
    ${found.error && html`<${Fault} error=${found.error} retry=${found.reload} />`}
    ${found.data
      ? html`<${Table} answer=${found.data} sort=${sort} />`
      : found.loading && html`<${Skeleton} rows=${6} />`}
  `;
}

function withNews(answer, productId, news) {
  const products = answer.data.products.map((product) =>
    product._id === productId ? { ...product, ...news } : product,
  );
  return { ...answer, data: { ...answer.data, products } };
}

function Add() {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  const added = (product) => go(`/admin/products/${part(product._id)}`);
  return html`
    <button type="button" onClick=${() => setOpen(true)}>Add a product</button>
    ${open &&
    html`
      <${Dialog} title="A new product" close=${close}><${ProductForm} done=${added} /><//>
    `}
  `;
}

function Table({ answer, sort }) {
  const { products } = answer.data;
  if (!products.length) {
    return html`
      <${Empty} title="No products fit">
        <a class="button quiet" href="/admin/products">Show all</a>
      <//>
    `;
  }
  return html`
    <div class="table stacked" tabindex="0" role="region" aria-label="Products">
      <table>
        <thead>
          <tr>
            <${SortHeading} by="name" label="Product" sort=${sort} />
            <th scope="col">Category</th>
            <${SortHeading} by="price" label="Price" sort=${sort} right />
            <th scope="col" class="right">Held</th>
            <${SortHeading} by="stock" label="Can be sold" sort=${sort} right />
          </tr>
        </thead>
        <tbody>
          ${products.map((product) => html`<${Row} key=${product._id} product=${product} />`)}
        </tbody>
      </table>
    </div>
    <${Pager} meta=${answer.meta} go=${(page) => setQuery({ page })} />
  `;
}

function Row({ product }) {
  const href = `/admin/products/${part(product._id)}`;
  const open = (event) => {
    if (!event.target.closest("a")) go(href);
  };
  return html`
    <tr class="clickable" data-product=${product._id} onClick=${open}>
      <td>
        <div class="product-cell">
          <${Picture} product=${product} size=${40} />
          <div>
            <a href=${href}>${product.name}</a>
            <small>
              ${product.sku ?? product._id}${" "}
              ${!product.isActive && html`<${Badge} tone="calm">Off sale<//>`}
            </small>
          </div>
        </div>
      </td>
      <td class="minor">${product.category}</td>
      <td class="right money">${money(cents(product.price))}</td>
      <td class="right number minor">${number(product.reserved)}</td>
      <td class="right"><${Stock} product=${product} /></td>
    </tr>
  `;
}
