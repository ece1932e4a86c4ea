/** Signing in: in the demo with a click, everywhere else with a token of the issuer. */

import { config } from "shared/config.js";
import { html, useState } from "shared/html.js";
import { signIn, signInDemo } from "shared/session.js";
import { Fault, Field, Form } from "shared/ui.js";

export const DEMO_PEOPLE = [
  { sub: "anna", roles: ["user"], label: "Anna", told: "a customer" },
  { sub: "ben", roles: ["user"], label: "Ben", told: "a customer" },
  { sub: "chiara", roles: ["user"], label: "Chiara", told: "a customer" },
  { sub: "admin", roles: ["admin"], label: "Admin", told: "keeps the shop" },
];

/** *people* are offered in the demo; *done* is called when somebody is signed in. */
export function SignIn({ people = DEMO_PEOPLE, done = () => {} }) {
  const paste = async (form) => {
    signIn(form.get("token"));
    done();
  };
  const form = html`
    <${Form} submit=${paste} action="Sign in with this token">
      <${Field}
        as="textarea"
        name="token"
        label="Token"
        rows="4"
        required
        autocomplete="off"
        spellcheck="false"
        hint="It stays in this browser and is sent to the shop's services alone."
      />
    <//>
  `;
  if (!config.demo) return html`<div class="sign-in">${form}</div>`;
  return html`
    <div class="sign-in">
      <${People} people=${people} done=${done} />
      <details>
        <summary>Use a token</summary>
        ${form}
      </details>
    </div>
  `;
}

function People({ people, done }) {
  const [error, setError] = useState(null);
  const choose = async ({ sub, roles }) => {
    try {
      await signInDemo(sub, roles);
      done();
    } catch (fault) {
      setError(fault);
    }
  };
  return html`
    <ul class="people">
      ${people.map(
        (one) => html`
          <li key=${one.sub}>
            <button type="button" class="person" onClick=${() => choose(one)}>
              <span class="face" aria-hidden="true">${one.label[0]}</span>
              <span><strong>${one.label}</strong><small>${one.told}</small></span>
            </button>
          </li>
        `,
      )}
    </ul>
    ${error && html`<${Fault} error=${error} />`}
  `;
}
