/** A product's picture, from this site alone; for one without there is its first letter. */

import { html, useState } from "shared/html.js";

/** Foreign hosts are not asked for anything, so that nobody there learns who looks at what. */
const isOurs = (address) => /^\/(?!\/)/.test(address ?? "");

export function Picture({ product, size = 320 }) {
  const [broken, setBroken] = useState(false);
  if (!isOurs(product.imageUrl) || broken) {
    return html`<span class="picture letter" aria-hidden="true">${[...product.name][0]}</span>`;
  }
  return html`
    <span class="picture">
      <img
        src=${product.imageUrl}
        alt=""
        width=${size}
        height=${size}
        loading="lazy"
        onError=${() => setBroken(true)}
      />
    </span>
  `;
}
