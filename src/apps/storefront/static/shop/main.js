/** The shop: catalogue, cart, checkout, and one's orders. */

import { Frame } from "shared/frame.js";
import { html, render } from "shared/html.js";
import { openLive } from "shared/live.js";
import { Routes, openRouter, usePageTitle } from "shared/router.js";
import { openSession, useSession } from "shared/session.js";
import { Empty } from "shared/ui.js";

import { useCart, unitsIn } from "./cart.js";
import { CartPage } from "./cart-page.js";
import { CataloguePage } from "./catalogue-page.js";
import { CheckoutPage } from "./checkout-page.js";
import { OrderPage } from "./order-page.js";
import { OrdersPage } from "./orders-page.js";
import { ProductPage } from "./product-page.js";
import { SignInPage } from "./sign-in-page.js";

const ROUTES = [
  ["/", CataloguePage],
  ["/products/:id", ProductPage],
  ["/cart", CartPage],
  ["/checkout", CheckoutPage],
  ["/orders", OrdersPage],
  ["/orders/:id", OrderPage],
  ["/sign-in", SignInPage],
];

function Missing() {
  usePageTitle("Not found · Fieldhouse");
  return html`
    <${Empty} title="There is nothing here">
      <a class="button" href="/">To the shop</a>
    <//>
  `;
}

function Shop() {
  const cart = useCart();
  const who = useSession();
  const links = [
    { href: "/", label: "Shop" },
    ...(who ? [{ href: "/orders", label: "My orders" }] : []),
    { href: "/cart", label: "Cart", badge: unitsIn(cart) },
  ];
  return html`
    <${Frame} name="Fieldhouse" home="/" links=${links} signInHref="/sign-in">
      <${Routes} routes=${ROUTES} missing=${Missing} />
    <//>
  `;
}

openSession("shop");
openLive(["products"]);
openRouter((path) => !path.startsWith("/admin"));
render(html`<${Shop} />`, document.getElementById("app"));
