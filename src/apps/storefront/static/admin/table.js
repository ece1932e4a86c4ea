/** Tables whose order is in the address, and the fields above them. */

import { html, useEffect, useRef, useState } from "shared/html.js";
import { useSettled } from "shared/resource.js";
import { setQuery } from "shared/router.js";

/** A heading that sorts by *by*: first ascending, then descending. */
export function SortHeading({ by, label, sort, right }) {
  const up = sort === by;
  const down = sort === `-${by}`;
  const state = up ? "ascending" : down ? "descending" : undefined;
  return html`
    <th scope="col" class=${right ? "right" : ""} aria-sort=${state}>
      <button type="button" onClick=${() => setQuery({ sort: up ? `-${by}` : by })}>
        ${label}<span aria-hidden="true">${up ? " ↑" : down ? " ↓" : ""}</span>
      </button>
    </th>
  `;
}

/** A search field that follows the address, and sets it when typing rests. */
export function SearchField({ label, placeholder, value }) {
  const [text, setText] = useState(value);
  const settled = useSettled(text.trim());
  const asked = useRef(value);
  useEffect(() => {
    if (settled === asked.current) return;
    asked.current = settled;
    setQuery({ search: settled }, { replace: true });
  }, [settled]);
  useEffect(() => {
    if (value === asked.current) return;
    asked.current = value;
    setText(value);
  }, [value]);
  return html`
    <input
      type="search"
      aria-label=${label}
      placeholder=${placeholder}
      maxlength="200"
      value=${text}
      onInput=${(event) => setText(event.target.value)}
    />
  `;
}

/** A choice among *options*, pairs of a value and its label; *name* is the query's. */
export const Choice = ({ name, label, value, options }) => html`
  <select
    aria-label=${label}
    value=${value ?? ""}
    onChange=${(event) => setQuery({ [name]: event.target.value })}
  >
    ${options.map(([one, text]) => html`<option key=${one} value=${one}>${text}</option>`)}
  </select>
`;
