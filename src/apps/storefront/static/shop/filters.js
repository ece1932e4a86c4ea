/** What narrows the catalogue: every choice is in the address, so that it can be sent to a friend. */

import { api } from "shared/api.js";
import { html, useEffect, useRef, useState } from "shared/html.js";
import { useResource, useSettled } from "shared/resource.js";
import { setQuery } from "shared/router.js";
import { Field } from "shared/ui.js";

const SAMPLE = 100;
const AMOUNT = /^\d{1,9}(\.\d{1,2})?$/;
const SORTS = [
  ["price", "Price, low to high"],
  ["-price", "Price, high to low"],
  ["-createdAt", "Newest"],
];

export function Filters({ wanted }) {
  return html`
    <search class="filters">
      <${Search} search=${wanted.search ?? ""} />
      <${Categories} chosen=${wanted.category ?? ""} />
      <div class="filter-row">
        <${Amount} name="minPrice" label="Price from" wanted=${wanted} />
        <${Amount} name="maxPrice" label="to" wanted=${wanted} />
        <${Field}
          as="select"
          label="Sort"
          value=${wanted.sort ?? ""}
          onChange=${(event) => setQuery({ sort: event.target.value })}
        >
          <option value="">${wanted.search ? "Best match" : "Name"}</option>
          ${SORTS.map(([value, label]) => html`<option value=${value}>${label}</option>`)}
        <//>
        <label class="check">
          <input
            type="checkbox"
            checked=${wanted.inStock === "true"}
            onChange=${(event) => setQuery({ inStock: event.target.checked ? "true" : "" })}
          />
          In stock only
        </label>
      </div>
    </search>
  `;
}

function Search({ search }) {
  const [text, setText] = useState(search);
  const settled = useSettled(text.trim());
  const asked = useRef(search);
  useEffect(() => {
    if (settled === asked.current) return;
    asked.current = settled;
    setQuery({ search: settled }, { replace: true });
  }, [settled]);
  useEffect(() => {
    if (search === asked.current) return;
    asked.current = search;
    setText(search);
  }, [search]);
  return html`
    <input
      type="search"
      aria-label="Search products"
      placeholder="Search for lamp, oak, kitchen …"
      maxlength="200"
      value=${text}
      onInput=${(event) => setText(event.target.value)}
    />
  `;
}

function Amount({ name, label, wanted }) {
  const kept = wanted[name] ?? "";
  const [text, setText] = useState(kept);
  useEffect(() => setText(kept), [kept]);
  const set = () => {
    const amount = text.replace(",", ".").trim();
    if (amount !== kept && (amount === "" || AMOUNT.test(amount))) setQuery({ [name]: amount });
  };
  const faulty = Number(wanted.minPrice) > Number(wanted.maxPrice);
  return html`
    <${Field}
      class="amount"
      label=${label}
      inputmode="decimal"
      placeholder="€"
      value=${text}
      error=${faulty && name === "maxPrice" ? "less than from" : undefined}
      onInput=${(event) => setText(event.target.value)}
      onChange=${set}
    />
  `;
}

/** The categories of a sample of products; there is no list of all of them. */
function Categories({ chosen }) {
  const sample = useResource(categories, "categories");
  const names = new Set(sample.data ?? []);
  if (chosen) names.add(chosen);
  const choose = (name) => setQuery({ category: name });
  return html`
    <div class="chips" role="group" aria-label="Category">
      <${Chip} label="All" on=${!chosen} choose=${() => choose("")} />
      ${[...names].map(
        (name) => html`
          <${Chip} key=${name} label=${name} on=${name === chosen} choose=${() => choose(name)} />
        `,
      )}
    </div>
  `;
}

const Chip = ({ label, on, choose }) => html`
  <button type="button" class="chip" aria-pressed=${on} onClick=${choose}>${label}</button>
`;

async function categories(signal) {
  const { data } = await api.get("products", "/products", { limit: SAMPLE }, { signal });
  return [...new Set(data.products.map((one) => one.category).filter(Boolean))].sort();
}
