/** A product's words and price: a new one, or changes of one. Stock is changed elsewhere. */

import { api, part } from "shared/api.js";
import { html } from "shared/html.js";
import { Field, Form } from "shared/ui.js";

const AMOUNT = /^\d{1,9}([.,]\d{1,2})?$/;

/** *done* is called with the product as it is then. */
export function ProductForm({ product, done }) {
  const save = async (form) => {
    const body = bodyOf(form, product);
    const { data } = product
      ? await api.put("products", `/products/${part(product._id)}`, body)
      : await api.post("products", "/products", body);
    await done(data.product);
  };
  return html`
    <${Form} submit=${save} action=${product ? "Save" : "Add it"}>
      ${(faults) => html`<${Fields} product=${product ?? {}} faults=${faults} />`}
    <//>
  `;
}

function Fields({ product, faults }) {
  const field = (name, label, more) => html`
    <${Field}
      name=${name}
      label=${label}
      defaultValue=${product[name] ?? ""}
      error=${faults[name]}
      ...${more}
    />
  `;
  return html`
    <div class="columns">
      ${field("name", "Name", { maxlength: 200, class: "wide" })}
      ${field("price", "Price in €", {
        inputmode: "decimal",
        defaultValue: product.price?.toFixed(2) ?? "",
      })}
      ${product._id === undefined && field("stock", "First stock", { inputmode: "numeric" })}
      ${field("category", "Category", { maxlength: 100 })}
      ${field("brand", "Brand", { maxlength: 100 })} ${field("sku", "Number (SKU)", { maxlength: 64 })}
      ${field("imageUrl", "Picture", { placeholder: "/images/products/…", maxlength: 2000, class: "wide" })}
      ${field("tags", "Tags, with commas", {
        defaultValue: product.tags?.join(", ") ?? "",
        class: "wide",
      })}
      <${Field}
        as="textarea"
        class="wide"
        name="description"
        label="Description"
        rows="4"
        maxlength="5000"
        defaultValue=${product.description ?? ""}
        error=${faults.description}
      />
    </div>
  `;
}

function bodyOf(form, product) {
  const text = (name) => form.get(name).trim();
  const optional = (name) => text(name) || (product ? null : undefined);
  const stock = form.get("stock")?.trim();
  return {
    name: text("name"),
    price: amount(text("price")),
    description: text("description"),
    category: text("category"),
    brand: optional("brand"),
    sku: optional("sku"),
    imageUrl: optional("imageUrl"),
    tags: text("tags").split(",").map((tag) => tag.trim()).filter(Boolean),
    ...(stock && { stock: whole(stock) }),
  };
}

function amount(text) {
  if (AMOUNT.test(text)) return Number(text.replace(",", "."));
  throw fault("price", "must be an amount, such as 12.50");
}

function whole(text) {
  if (/^\d+$/.test(text)) return Number(text);
  throw fault("stock", "must be a whole number");
}

const fault = (name, told) =>
  Object.assign(new Error("Please look at the marked field."), { fields: { [name]: told } });
