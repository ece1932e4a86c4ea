/** The way to an order's story, from every page. */

import { part } from "shared/api.js";
import { html } from "shared/html.js";
import { go, usePageTitle } from "shared/router.js";
import { isAdmin, useSession } from "shared/session.js";
import { Field, Form } from "shared/ui.js";

const open = (name) => name && go(`/story/${part(name.trim())}`);

/** The small one in the head of the page. */
export function StorySearch() {
  const who = useSession();
  if (!isAdmin(who)) return null;
  const onSubmit = (event) => {
    event.preventDefault();
    open(new FormData(event.target).get("order"));
    event.target.reset();
  };
  return html`
    <form class="bare story-search" role="search" aria-label="Stories" onSubmit=${onSubmit}>
      <input
        type="search"
        name="order"
        aria-label="Story of an order"
        placeholder="Order id or number"
        required
        maxlength="200"
        autocomplete="off"
      />
    </form>
  `;
}

/** The page of its own, for whoever does not know yet what a story is. */
export function StorySearchPage() {
  usePageTitle("Stories · Monitor");
  return html`
    <h1 tabindex="-1">The story of an order</h1>
    <p>
      Everything that carries an order's id, in the order in which it happened: the call that
      placed it, its messages by topic, partition and offset, what moved in the stock, what was
      pushed to browsers, and what went wrong.
    </p>
    <div class="card narrow">
      <${Form} submit=${(form) => open(form.get("order"))} action="Tell it">
        <${Field}
          name="order"
          type="search"
          label="Order"
          required
          maxlength="200"
          autocomplete="off"
          hint="Its id, or its number such as ORD-1732095234567-K3F9"
        />
      <//>
    </div>
    <p class="muted">
      Looking for an order? <a href="/messages?topic=order.created">The latest orders placed</a>
      come with a link to their story.
    </p>
  `;
}
