/** The admin side: orders, products, alerts, and how the shop does. */

import { Frame } from "shared/frame.js";
import { html, render } from "shared/html.js";
import { openLive } from "shared/live.js";
import { Routes, openRouter, usePageTitle } from "shared/router.js";
import { isAdmin, openSession, useSession } from "shared/session.js";
import { DEMO_PEOPLE, SignIn } from "shared/sign-in.js";
import { Empty, Note } from "shared/ui.js";

import { openAlerts, useUnseen } from "./alerts.js";
import { AlertsPage } from "./alerts-page.js";
import { OrderPage } from "./order-page.js";
import { OrdersPage } from "./orders-page.js";
import { OverviewPage } from "./overview-page.js";
import { ProductPage } from "./product-page.js";
import { ProductsPage } from "./products-page.js";

const ROUTES = [
  ["/admin", OverviewPage],
  ["/admin/orders", OrdersPage],
  ["/admin/orders/:id", OrderPage],
  ["/admin/products", ProductsPage],
  ["/admin/products/:id", ProductPage],
  ["/admin/alerts", AlertsPage],
];
const ADMINS = DEMO_PEOPLE.filter(isAdmin);

function Admin() {
  const who = useSession();
  const unseen = useUnseen().length;
  const links = [
    { href: "/admin", label: "Overview" },
    { href: "/admin/orders", label: "Orders" },
    { href: "/admin/products", label: "Products" },
    { href: "/admin/alerts", label: "Alerts", badge: unseen, tone: "bad" },
  ];
  const inside = isAdmin(who);
  return html`
    <${Frame}
      name="Fieldhouse admin"
      home="/admin"
      links=${inside ? links : []}
      signInHref="/admin"
      aside=${html`<a class="to-shop" href="/">Shop</a>`}
    >
      ${inside
        ? html`<${Routes} key=${who.sub} routes=${ROUTES} missing=${Missing} />`
        : html`<${Door} who=${who} />`}
    <//>
  `;
}

function Door({ who }) {
  usePageTitle("Sign in · Fieldhouse admin");
  return html`
    <h1 tabindex="-1">Sign in</h1>
    ${who
      ? html`<${Note} tone="warn"><p>${who.sub} is not an admin: sign in as one.</p><//>`
      : html`<p>This side is for the people who keep the shop.</p>`}
    <${SignIn} people=${ADMINS} />
  `;
}

function Missing() {
  usePageTitle("Not found · Fieldhouse admin");
  return html`
    <${Empty} title="There is nothing here">
      <a class="button" href="/admin">To the overview</a>
    <//>
  `;
}

openSession("admin");
openLive(["products"]);
openRouter((path) => path === "/admin" || path.startsWith("/admin/"));
openAlerts();
render(html`<${Admin} />`, document.getElementById("app"));
