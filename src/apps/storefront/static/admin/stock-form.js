/** Units come in or are written off, with a reason. */

import { api, part } from "shared/api.js";
import { html, useState } from "shared/html.js";
import { Field, Form, toast } from "shared/ui.js";

const COMES = "comes";

export function StockForm({ product, done }) {
  const [round, setRound] = useState(0);
  const save = async (form) => {
    const units = unitsIn(form.get("units").trim());
    const qty = form.get("way") === COMES ? units : -units;
    const reason = form.get("reason").trim();
    await api.post("products", `/products/${part(product._id)}/restock`, { qty, reason });
    toast(qty > 0 ? `${units} units came in.` : `${units} units are written off.`, { tone: "good" });
    setRound((one) => one + 1);
    await done();
  };
  return html`
    <${Form} key=${round} submit=${save} action="Change the stock">
      ${(faults) => html`
        <fieldset class="ways">
          <legend>What happens?</legend>
          <label class="check">
            <input type="radio" name="way" value=${COMES} defaultChecked />Units come in
          </label>
          <label class="check">
            <input type="radio" name="way" value="goes" />Units are written off
          </label>
        </fieldset>
        <${Field}
          name="units"
          label="How many units"
          inputmode="numeric"
          autocomplete="off"
          error=${faults.units ?? faults.qty}
        />
        <${Field}
          name="reason"
          label="Reason"
          maxlength="500"
          placeholder="Delivery 4711, breakage …"
          error=${faults.reason}
        />
      `}
    <//>
  `;
}

function unitsIn(text) {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  const fields = { units: "must be a whole number, 1 or more" };
  throw Object.assign(new Error("Please look at the marked field."), { fields });
}
