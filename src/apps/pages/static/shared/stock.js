/** Stock that changes before one's eyes. */

import { number } from "shared/format.js";
import { html, useEffect, useState } from "shared/html.js";
import { useConnection, useLive, useReadAgain } from "shared/live.js";
import { useEvery } from "shared/resource.js";

const POLL_SECONDS = 10;
const FEW = 5;

/** Keep the products of *resource* as they are now; *edit* puts one product's news into it. */
export function useLiveStock(resource, edit) {
  const connected = useConnection() === "live";
  useLive(["product:stock_changed"], ({ productId, stock, inStock }) =>
    resource.change((data) => edit(data, productId, { stock, inStock })),
  );
  // Who is not signed in gets no pushes.
  useEvery(connected ? 0 : POLL_SECONDS, resource.reload);
  useReadAgain(resource.reload);
}

/** How much there is, in words; it lights up when it changes. */
export function Stock({ product }) {
  const [before, setBefore] = useState(product.stock);
  const [fresh, setFresh] = useState(0);
  useEffect(() => {
    if (before === product.stock) return;
    setBefore(product.stock);
    setFresh((count) => count + 1);
  }, [product.stock]);
  const [tone, words] = inWords(product);
  return html`
    <span
      key=${fresh}
      class=${`stock ${fresh ? "fresh" : ""}`}
      data-tone=${tone}
      data-stock=${product.stock}
    >
      ${words}
    </span>
  `;
}

function inWords({ stock, isActive }) {
  if (!isActive) return ["calm", "No longer sold"];
  if (stock <= 0) return ["bad", "Sold out"];
  if (stock <= FEW) return ["warn", `Only ${stock} left`];
  return ["good", `${number(stock)} in stock`];
}
