/** The frame around every page: a head with the ways through the site, and the quiet banners. */

import { html } from "shared/html.js";
import { reconnect, useConnection } from "shared/live.js";
import { usePlace } from "shared/router.js";
import { signOut, useSession } from "shared/session.js";
import { Toasts } from "shared/ui.js";

/**
 * @param {{name: string, home: string, links: {href: string, label: string, badge?: number, tone?: string}[],
 *   signInHref: string, children: unknown}} props
 */
export function Frame({ name, home, links, signInHref, aside, children }) {
  return html`
    <a class="skip" href="#content">Skip to the content</a>
    <header class="top">
      <a class="brand" href=${home}><span class="brand-mark" aria-hidden="true"></span>${name}</a>
      <nav aria-label="Main">
        ${links.map((link) => html`<${NavLink} key=${link.href} ...${link} home=${home} />`)}
      </nav>
      <div class="who">${aside}<${Who} signInHref=${signInHref} /></div>
    </header>
    <${LostConnection} />
    <main id="content" tabindex="-1">${children}</main>
    <${Toasts} />
  `;
}

function NavLink({ href, label, badge, tone, home }) {
  const { path } = usePlace();
  const current = path === href || (href !== home && path.startsWith(`${href}/`));
  return html`
    <a href=${href} aria-current=${current ? "page" : undefined}>
      ${label} ${badge ? html`<span class="count" data-tone=${tone}>${badge}</span>` : null}
    </a>
  `;
}

function Who({ signInHref }) {
  const who = useSession();
  if (!who) return html`<a class="button quiet" href=${signInHref}>Sign in</a>`;
  return html`
    <span class="name" title=${`Signed in as ${who.sub}`}>${who.sub}</span>
    <button type="button" class="quiet" onClick=${signOut}>Sign out</button>
  `;
}

function LostConnection() {
  if (useConnection() !== "lost") return null;
  return html`
    <div class="banner" role="status">
      <span>Live updates are interrupted. Reconnecting …</span>
      <button type="button" class="quiet" onClick=${reconnect}>Now</button>
    </div>
  `;
}
