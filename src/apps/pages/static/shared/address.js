/** A shipping address: its fields, and the last one, kept in this browser. */

import { html } from "shared/html.js";
import { Field } from "shared/ui.js";

const PLACE = "address";
const PARTS = [
  { name: "street", label: "Street and number", autocomplete: "street-address", wide: true, max: 200 },
  { name: "zipCode", label: "Postal code", autocomplete: "postal-code", max: 20 },
  { name: "city", label: "City", autocomplete: "address-level2", max: 100 },
  { name: "state", label: "State or region", autocomplete: "address-level1", max: 100 },
  { name: "country", label: "Country", autocomplete: "country-name", max: 100 },
];

export const AddressFields = ({ address, faults }) => html`
  <div class="columns">
    ${PARTS.map(
      ({ name, label, autocomplete, wide, max }) => html`
        <${Field}
          key=${name}
          name=${name}
          label=${label}
          class=${wide ? "wide" : ""}
          autocomplete=${autocomplete}
          maxlength=${max}
          defaultValue=${address[name] ?? ""}
          error=${faults[`shippingAddress.${name}`] ?? faults[name]}
        />
      `,
    )}
  </div>
`;

const NEEDED = { street: "Where do you live?", city: "Which city?", country: "Which country?" };

/** Return the address in *form*; what is missing is told like a fault that the service finds. */
export function addressOf(form) {
  const address = Object.fromEntries(PARTS.map(({ name }) => [name, form.get(name).trim()]));
  const missing = Object.entries(NEEDED).filter(([name]) => !address[name]);
  if (missing.length) {
    const fault = new Error("Something is missing in the address.");
    throw Object.assign(fault, { fields: Object.fromEntries(missing) });
  }
  return address;
}

export const keepAddress = (address) => localStorage.setItem(PLACE, JSON.stringify(address));

export function keptAddress() {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) ?? {};
  } catch {
    return {};
  }
}

/** An address on the lines that it has. */
export function Address({ address }) {
  const { street, zipCode, city, state, country } = address;
  const lines = [street, [zipCode, city].filter(Boolean).join(" "), state, country].filter(Boolean);
  if (!lines.length) return html`<p class="muted">No address was given.</p>`;
  return html`<address>${lines.map((line) => html`<span>${line}</span>`)}</address>`;
}
