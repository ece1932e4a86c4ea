/** Who may look: admins. Everybody else is told so in the service's own words. */

import { api } from "shared/api.js";
import { html } from "shared/html.js";
import { useResource } from "shared/resource.js";
import { go, usePageTitle } from "shared/router.js";
import { isAdmin, signOut, useSession } from "shared/session.js";
import { DEMO_PEOPLE, SignIn } from "shared/sign-in.js";
import { Fault, Note, Skeleton } from "shared/ui.js";

const ADMINS = DEMO_PEOPLE.filter((one) => one.roles.includes("admin"));

/** Draw what it holds for admins, else a way to become one. */
export function AdminsOnly({ children }) {
  const who = useSession();
  if (!who) return html`<${SignInFirst} />`;
  if (!isAdmin(who)) return html`<${NotForYou} key=${who.sub} who=${who} />`;
  return children;
}

function SignInFirst() {
  usePageTitle("Sign in · Monitor");
  return html`
    <h1 tabindex="-1">Sign in</h1>
    <p>The monitor shows every order and every message, so it is for admins.</p>
    <${SignIn} people=${ADMINS} />
  `;
}

function NotForYou({ who }) {
  usePageTitle("Not allowed · Monitor");
  // The service decides what a token is worth; what it says is shown.
  const answer = useResource((signal) => api.get("monitor", "/overview", {}, { signal }), who.sub);
  return html`
    <h1 tabindex="-1">Not allowed</h1>
    ${answer.error && html`<${Fault} error=${answer.error} />`}
    ${answer.loading && html`<${Skeleton} rows=${1} />`}
    <p>You are signed in as <strong>${who.sub}</strong>, who is no admin.</p>
    <button type="button" onClick=${signOut}>Sign in as somebody else</button>
  `;
}

export function SignInPage() {
  usePageTitle("Sign in · Monitor");
  const who = useSession();
  return html`
    <h1 tabindex="-1">Sign in</h1>
    ${who && html`<${Note}><p>You are signed in as ${who.sub}.</p><//>`}
    <${SignIn} people=${ADMINS} done=${() => go("/", { replace: true })} />
  `;
}
