/** One product for the shop's people: its stock, its ledger, its words. */

import { api, part } from "shared/api.js";
import { cents, money, number } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { Picture } from "shared/picture.js";
import { useEvery, useResource } from "shared/resource.js";
import { setQuery, usePageTitle } from "shared/router.js";
import { Stock, useLiveStock } from "shared/stock.js";
import { Badge, Fault, Pager, Skeleton, toast } from "shared/ui.js";

import { Movements, OrderLink } from "./movements.js";
import { ProductForm } from "./product-form.js";
import { StockForm } from "./stock-form.js";

const LIMIT = 20;
const AGAIN_SECONDS = 10;

export function ProductPage({ id, query }) {
  const page = query.get("page") ?? "1";
  const path = `/products/${part(id)}`;
  const found = useResource(async (signal) => {
    const [one, ledger] = await Promise.all([
      api.get("products", path, {}, { signal }),
      api.get("products", `${path}/movements`, { page, limit: LIMIT }, { signal }),
    ]);
    return { product: one.data.product, ledger };
  }, `${id} ${page}`);
  useLiveStock(found, (data, productId, news) => {
    if (productId !== id) return data;
    // The ledger has grown as well.
    queueMicrotask(found.reload);
    return { ...data, product: { ...data.product, ...news } };
  });
  // What is sold leaves the stock that can be sold as it is: no push tells of it.
  useEvery(AGAIN_SECONDS, found.reload);
  const product = found.data?.product;
  usePageTitle(`${product?.name ?? "Product"} · Fieldhouse admin`);
  if (product) return html`<${Product} product=${product} found=${found} />`;
  if (found.loading) return html`<${Skeleton} rows=${4} />`;
  return html`<${Fault} error=${found.error} retry=${found.reload} />`;
}

const Product = ({ product, found }) => html`
  <nav class="crumbs" aria-label="You are here"><a href="/admin/products">Products</a></nav>
  <div class="head">
    <div class="product-cell">
      <${Picture} product=${product} size=${64} />
      <div>
        <h1 tabindex="-1">${product.name}</h1>
        <p class="muted">
          <span class="money">${money(cents(product.price))}</span> · ${product.sku ?? product._id}
          ${!product.isActive && html` <${Badge} tone="calm">Off sale<//>`}
        </p>
      </div>
    </div>
    <${OnSale} product=${product} found=${found} />
  </div>
  <dl class="figures">
    <div><dt>Can be sold</dt><dd><${Stock} product=${product} /></dd></div>
    <div><dt>Held for open orders</dt><dd class="number">${number(product.reserved)}</dd></div>
    <div>
      <dt>On hand</dt>
      <dd class="number">${number(product.stock + product.reserved)}</dd>
    </div>
  </dl>
  <div class="split">
    <div>
      <section class="card">
        <h2>Movements</h2>
        <${Ledger} ledger=${found.data.ledger} />
      </section>
    </div>
    <div>
      <section class="card">
        <h2>Change the stock</h2>
        <${StockForm} product=${product} done=${found.reload} />
      </section>
      <section class="card">
        <h2>Words and price</h2>
        <${Edit} product=${product} found=${found} />
      </section>
    </div>
  </div>
`;

function Ledger({ ledger }) {
  const { movements } = ledger.data;
  if (!movements.length) return html`<p class="muted">Nothing was moved yet.</p>`;
  return html`
    <${Movements} movements=${movements} heading="Order" first=${OrderLink} />
    <${Pager} meta=${ledger.meta} go=${(page) => setQuery({ page })} />
  `;
}

function Edit({ product, found }) {
  const done = async () => {
    toast("Saved.", { tone: "good" });
    await found.reload();
  };
  return html`<${ProductForm} product=${product} done=${done} />`;
}

function OnSale({ product, found }) {
  const [error, setError] = useState(null);
  const path = `/products/${part(product._id)}`;
  const change = async () => {
    try {
      if (product.isActive) await api.remove("products", path);
      else await api.put("products", path, { isActive: true });
      setError(null);
      await found.reload();
    } catch (fault) {
      setError(fault);
    }
  };
  return html`
    <button type="button" class=${product.isActive ? "quiet danger" : "quiet"} onClick=${change}>
      ${product.isActive ? "Take it off sale" : "Put it on sale again"}
    </button>
    ${error && html`<${Fault} error=${error} />`}
  `;
}
