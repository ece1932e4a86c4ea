/** Who are you? Afterwards one is back where one came from. */

import { html } from "shared/html.js";
import { go, usePageTitle } from "shared/router.js";
import { useSession } from "shared/session.js";
import { DEMO_PEOPLE, SignIn } from "shared/sign-in.js";
import { Note } from "shared/ui.js";

const CUSTOMERS = DEMO_PEOPLE.filter((one) => one.roles.includes("user"));

/** Only a path of this site; anything else would lead who knows where. */
const wayBack = (next) => (/^\/(?![/\\])/.test(next ?? "") ? next : "/");

export function SignInPage({ query }) {
  usePageTitle("Sign in · Fieldhouse");
  const who = useSession();
  const done = () => go(wayBack(query.get("next")), { replace: true });
  return html`
    <h1 tabindex="-1">Sign in</h1>
    ${who && html`<${Note}><p>You are signed in as ${who.sub}.</p><//>`}
    <${SignIn} people=${CUSTOMERS} done=${done} />
    <p class="aside">You keep the shop? <a href="/admin">To the admin side</a></p>
  `;
}

/** In the place of a page that needs to know who looks. */
export const SignInFirst = ({ title, children }) => html`
  <h1 tabindex="-1">${title}</h1>
  <p>${children}</p>
  <${SignIn} people=${CUSTOMERS} />
`;
