/** One product, with its stock as it is now. */

import { api, part } from "shared/api.js";
import { cents, money } from "shared/format.js";
import { html, useState } from "shared/html.js";
import { Picture } from "shared/picture.js";
import { useResource } from "shared/resource.js";
import { usePageTitle } from "shared/router.js";
import { Stock, useLiveStock } from "shared/stock.js";
import { Empty, Fault, Skeleton } from "shared/ui.js";

import { addToCart } from "./cart.js";
import { Quantity } from "./quantity.js";

export function ProductPage({ id }) {
  const found = useResource(
    async (signal) => (await api.get("products", `/products/${part(id)}`, {}, { signal })).data,
    id,
  );
  useLiveStock(found, ({ product }, productId, news) => ({
    product: productId === product._id ? { ...product, ...news } : product,
  }));
  const product = found.data?.product;
  usePageTitle(product ? `${product.name} · Fieldhouse` : "Fieldhouse");
  if (product) return html`<${Product} product=${product} />`;
  if (found.loading) return html`<${Skeleton} rows=${4} />`;
  if (found.error.status === 404) return html`<${Gone} />`;
  return html`<${Fault} error=${found.error} retry=${found.reload} />`;
}

const Gone = () => html`
  <${Empty} title="This product is not here">
    <a class="button" href="/">To the shop</a>
  <//>
`;

function Product({ product }) {
  const [qty, setQty] = useState(1);
  const [added, setAdded] = useState(false);
  const put = () => {
    addToCart(product, qty);
    setAdded(true);
    setQty(1);
  };
  const short = product.isActive && qty > product.stock;
  return html`
    <nav class="crumbs" aria-label="You are here">
      <a href="/">Shop</a>
      ${product.category &&
      html`<a href=${`/?category=${part(product.category)}`}>${product.category}</a>`}
    </nav>
    <article class="product-page">
      <${Picture} product=${product} size=${560} />
      <div>
        <h1 tabindex="-1">${product.name}</h1>
        ${product.brand && html`<p class="muted">by ${product.brand}</p>`}
        <p class="price money">${money(cents(product.price))}</p>
        <p><${Stock} product=${product} /></p>
        <p class="description">${product.description}</p>
        <div class="actions">
          <${Quantity} value=${qty} label="How many" set=${setQty} />
          <button type="button" disabled=${!product.isActive || !product.inStock} onClick=${put}>Add to cart</button>
        </div>
        ${short && html`<p class="hint" role="status">${shortage(product)}</p>`}
        ${added &&
        html`<p class="hint" role="status">In your cart. <a href="/cart">To the cart</a></p>`}
        <${Facts} product=${product} />
      </div>
    </article>
  `;
}

const shortage = ({ stock }) =>
  stock > 0 ? `There are ${stock} at the moment.` : "There are none at the moment.";

const Facts = ({ product }) => html`
  <dl class="facts">
    ${product.sku && html`<dt>Number</dt><dd class="mono">${product.sku}</dd>`}
    ${product.tags.length > 0 &&
    html`
      <dt>More like this</dt>
      <dd class="chips">
        ${product.tags.map(
          (tag) => html`<a key=${tag} class="chip" href=${`/?search=${part(tag)}`}>${tag}</a>`,
        )}
      </dd>
    `}
  </dl>
`;
