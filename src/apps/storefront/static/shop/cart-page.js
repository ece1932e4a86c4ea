/** The cart. */

import { part } from "shared/api.js";
import { money } from "shared/format.js";
import { html } from "shared/html.js";
import { Picture } from "shared/picture.js";
import { usePageTitle } from "shared/router.js";
import { Empty } from "shared/ui.js";

import { setQuantity, totalOf, useCart } from "./cart.js";
import { CartNews, useCartCheck } from "./checking.js";
import { Quantity } from "./quantity.js";

export function CartPage() {
  usePageTitle("Cart · Fieldhouse");
  const cart = useCart();
  const check = useCartCheck(cart);
  if (!cart.lines.length) {
    return html`
      <h1 tabindex="-1">Cart</h1>
      <${Empty} title="Your cart is empty">
        <a class="button" href="/">To the shop</a>
      <//>
    `;
  }
  return html`
    <h1 tabindex="-1">Cart</h1>
    <${CartNews} check=${check.data} />
    <div class="split">
      <ul class="cart-lines card">
        ${cart.lines.map((line) => html`<${CartLine} key=${line.productId} line=${line} />`)}
      </ul>
      <aside class="card total">
        <p><span>Total</span><strong class="money">${money(totalOf(cart))}</strong></p>
        <a class="button" href="/checkout">To the checkout</a>
      </aside>
    </div>
  `;
}

function CartLine({ line }) {
  const set = (qty) => setQuantity(line.productId, qty);
  return html`
    <li class="cart-line">
      <${Picture} product=${line} size=${72} />
      <div class="cart-name">
        <a href=${`/products/${part(line.productId)}`}>${line.name}</a>
        <small class="money">${money(line.price)} each</small>
      </div>
      <${Quantity} value=${line.qty} label=${`How many of ${line.name}`} set=${set} least=${0} />
      <strong class="money">${money(line.price * line.qty)}</strong>
      <button
        type="button"
        class="icon"
        aria-label=${`Take ${line.name} out`}
        onClick=${() => set(0)}
      >
        ✕
      </button>
    </li>
  `;
}
