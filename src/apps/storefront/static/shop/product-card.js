/** A product among others. */

import { cents, money } from "shared/format.js";
import { html } from "shared/html.js";
import { part } from "shared/api.js";
import { Picture } from "shared/picture.js";
import { Stock } from "shared/stock.js";
import { toast } from "shared/ui.js";

import { addToCart } from "./cart.js";

export function ProductCard({ product }) {
  const put = () => {
    addToCart(product, 1);
    toast(`${product.name} is in your cart.`, { tone: "good", href: "/cart" });
  };
  return html`
    <li class="product">
      <a class="product-link" href=${`/products/${part(product._id)}`}>
        <${Picture} product=${product} />
        <span class="product-name">${product.name}</span>
      </a>
      <p class="product-facts">
        <span class="money">${money(cents(product.price))}</span>
        <${Stock} product=${product} />
      </p>
      <button type="button" class="quiet" disabled=${!product.inStock} onClick=${put}>
        Add to cart<span class="unseen">: ${product.name}</span>
      </button>
    </li>
  `;
}
