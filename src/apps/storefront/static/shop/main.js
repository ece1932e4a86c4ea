import { html, render } from "shared/html.js";
render(html`<h1>Hello</h1>`, document.getElementById("app"));
