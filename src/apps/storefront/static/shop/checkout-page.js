/** The checkout: where to, how to pay, what it costs; then the order is placed, once. */

import { api, part } from "shared/api.js";
import { amountOf, money } from "shared/format.js";
import { html, useEffect, useRef } from "shared/html.js";
import { PAYMENT_CHOICES } from "shared/orders.js";
import { go, usePageTitle } from "shared/router.js";
import { useSession } from "shared/session.js";
import { Empty, Field, Form, toast } from "shared/ui.js";

import { AddressFields, addressOf, keepAddress, keptAddress } from "shared/address.js";
import { cart, takeOrdered, totalOf, useCart } from "./cart.js";
import { CartNews, checkCart, itemsOf, useCartCheck } from "./checking.js";
import { placeOrder, recoverOrder } from "./placing.js";
import { SignInFirst } from "./sign-in-page.js";

export function CheckoutPage() {
  usePageTitle("Checkout · Fieldhouse");
  const who = useSession();
  const chosen = useCart();
  if (!chosen.lines.length) {
    return html`
      <h1 tabindex="-1">Checkout</h1>
      <${Empty} title="Your cart is empty"><a class="button" href="/">To the shop</a><//>
    `;
  }
  if (!who) return html`<${SignInFirst} title="Checkout">Sign in to order.<//>`;
  return html`<${Checkout} key=${who.sub} who=${who} chosen=${chosen} />`;
}

function Checkout({ who, chosen }) {
  const check = useCartCheck(chosen);
  const recovered = useRef(null);
  useEffect(() => {
    recovered.current = recover(who.sub);
  }, []);
  const submit = async (form) => {
    // What was ordered before goes out of the cart first: nobody has seen the rest by itself.
    if (await recovered.current) return;
    if (await hasSurprises(check)) return;
    done(await placeOrder(who.sub, draftOf(form)));
  };
  const blocked = Boolean(check.data?.changed.length || check.data?.gone.length);
  return html`
    <h1 tabindex="-1">Checkout</h1>
    <${CartNews} check=${check.data} />
    <div class="split">
      <div class="card">
        <${Form}
          submit=${submit}
          action=${`Buy for ${money(totalOf(chosen))}`}
          disabled=${blocked}
        >
          ${(fields) => html`
            <h2>Where to?</h2>
            <${AddressFields} address=${keptAddress()} faults=${fields} />
            <${Field} as="select" name="paymentMethod" label="How do you want to pay?">
              ${PAYMENT_CHOICES.map(
                ({ value, label }) => html`<option value=${value}>${label}</option>`,
              )}
            <//>
          `}
        <//>
      </div>
      <${Summary} chosen=${chosen} />
    </div>
  `;
}

/** Go to the order of an attempt that was never answered; tell whether there is one. */
async function recover(sub) {
  try {
    const order = await recoverOrder(sub);
    if (order) done(order);
    return Boolean(order);
  } catch {
    // It is looked for again when something is bought.
    return false;
  }
}

/** Look once more before buying; what is new is shown, and nothing is bought. */
async function hasSurprises(check) {
  const { changed, gone } = await checkCart(cart.get());
  if (!changed.length && !gone.length) return false;
  await check.reload();
  toast("Something changed meanwhile: please look again.", { tone: "bad" });
  return true;
}

function draftOf(form) {
  const address = addressOf(form);
  keepAddress(address);
  return {
    items: itemsOf(cart.get()),
    totalAmount: amountOf(totalOf(cart.get())),
    shippingAddress: address,
    paymentMethod: Number(form.get("paymentMethod")),
  };
}

function done(order) {
  const { replaces } = cart.get();
  if (takeOrdered(order) && replaces && replaces !== order._id) cancelReplaced(replaces, order);
  go(`/orders/${part(order._id)}`, { replace: true });
}

function cancelReplaced(orderId, order) {
  const reason = `Replaced by ${order.orderNumber}`;
  api.patch("orders", `/orders/${part(orderId)}/cancel`, { reason }).catch((fault) => {
    toast(`The earlier order could not be cancelled: ${fault.message}`, { tone: "bad" });
  });
}

const Summary = ({ chosen }) => html`
  <aside class="card total">
    <h2>Your order</h2>
    <ul class="plain summary">
      ${chosen.lines.map(
        (line) => html`
          <li key=${line.productId}>
            <span>${line.qty} × ${line.name}</span>
            <span class="money">${money(line.qty * line.price)}</span>
          </li>
        `,
      )}
    </ul>
    <p><span>Total</span><strong class="money">${money(totalOf(chosen))}</strong></p>
    <a href="/cart">Change the cart</a>
  </aside>
`;
