/** The monitor: what the system is doing, for admins. */

import { config } from "shared/config.js";
import { Frame } from "shared/frame.js";
import { html, render, useEffect } from "shared/html.js";
import { Routes, openRouter, usePageTitle, usePlace } from "shared/router.js";
import { openSession } from "shared/session.js";
import { Empty } from "shared/ui.js";

import { AuditPage } from "./audit-page.js";
import { DeadLettersPage } from "./dead-letters-page.js";
import { DemoPage } from "./demo-page.js";
import { AdminsOnly, SignInPage } from "./entrance.js";
import { GroupsPage } from "./groups-page.js";
import { LetterPage } from "./letter-page.js";
import { MessagesPage } from "./messages-page.js";
import { OverviewPage } from "./overview-page.js";
import { StoryPage } from "./story-page.js";
import { StorySearch, StorySearchPage } from "./story-search.js";
import { TopicPage } from "./topic-page.js";
import { TopicsPage } from "./topics-page.js";

const ROUTES = [
  ["/", OverviewPage],
  ["/topics", TopicsPage],
  ["/topics/:name", TopicPage],
  ["/groups", GroupsPage],
  ["/messages", MessagesPage],
  ["/story", StorySearchPage],
  ["/story/:id", StoryPage],
  ["/dead-letters", DeadLettersPage],
  ["/dead-letters/:id", LetterPage],
  ["/audit", AuditPage],
  ["/demo", DemoPage],
  ["/sign-in", SignInPage],
];

const LINKS = [
  { href: "/", label: "Overview" },
  { href: "/topics", label: "Topics" },
  { href: "/groups", label: "Groups" },
  { href: "/messages", label: "Messages" },
  { href: "/story", label: "Stories" },
  { href: "/dead-letters", label: "Dead letters" },
  { href: "/audit", label: "Audit" },
  ...(config.demo ? [{ href: "/demo", label: "Demo" }] : []),
];

function Missing() {
  usePageTitle("Not found · Monitor");
  return html`
    <${Empty} title="There is nothing here">
      <a class="button" href="/">To the overview</a>
    <//>
  `;
}

function Monitor() {
  const { path } = usePlace();
  useEffect(() => {
    // On a phone the ways through the site are a strip: where one is stays in sight.
    const here = document.querySelector("nav [aria-current]");
    here?.parentElement.scrollTo({ left: here.offsetLeft - here.parentElement.offsetLeft - 16 });
  }, [path]);
  return html`
    <${Frame}
      name="Monitor"
      home="/"
      links=${LINKS}
      signInHref="/sign-in"
      aside=${html`<${StorySearch} />`}
    >
      <${AdminsOnly}><${Routes} routes=${ROUTES} missing=${Missing} /><//>
    <//>
  `;
}

openSession("monitor");
openRouter((path) => !path.startsWith("/schema"));
render(html`<${Monitor} />`, document.getElementById("app"));
