// <lookalike-panel product-id="10001">: similar items, in any page.
import { card, fields, frame, item, skeletons } from "./cards.js";
import { carousel } from "./carousel.js";
import { remember, viewed } from "./history.js";
import { fill, html } from "./html.js";
import { address, options } from "./options.js";
import css from "./panel.css";
import { filled } from "./template.js";
import { flush, ga4, report, watch } from "./tracking.js";
import { ownForm, reserve, tuning } from "./tuning.js";

const NEAR = "800px"; // distance from the view at which a panel asks for its items
const SLOTTED = "data-lookalike-card";
const OWN = ':scope > [slot^="card-"], :scope > [slot="after"]'; // a page's own cards

export const ATTRIBUTES = [
  "product-id", "product-ids", "surface", "limit", "facets", "filter", "min-match", "visitor", "api", "key",
  "heading", "heading-level", "layout", "tuning", "currency", "locale", "saved", "ga4", "labels",
];

let sheet;

export class LookalikePanel extends HTMLElement {
  static observedAttributes = ATTRIBUTES;
  static home = {}; // where the script came from: its address and key

  #wanted;
  #results = new Map(); // product id -> result of the answer that is shown
  #query = "";
  #life; // ends with the content, and all that listens to it
  #asked; // the request that is under way
  #planned = false;
  #listed = ""; // the answer whose list GA4 has got

  connectedCallback() {
    this.#plan();
  }

  disconnectedCallback() {
    this.#end();
    flush();
  }

  attributeChangedCallback(name, before, now) {
    if (before === now || !this.isConnected) return;
    if (name === "saved" && this.#wanted?.saved) this.#showSaved(now);
    else this.#plan();
  }

  // Changes of several attributes at once are one change. A page that is still being read may
  // not have this element's own content yet.
  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    const start = () => {
      this.#planned = false;
      if (this.isConnected) this.#start();
    };
    if (this.hasAttribute("embedded") && document.readyState === "loading") document.addEventListener("DOMContentLoaded", start, { once: true });
    else queueMicrotask(start);
  }

  #end() {
    this.#life?.abort();
    this.#asked?.abort();
    this.#life = new AbortController();
  }

  #start() {
    this.#end();
    const read = (name) => this.getAttribute(name);
    const wanted = (this.#wanted = options(read, LookalikePanel.home));
    if (this.hasAttribute("embedded")) return this.#adoptShadow();
    if (wanted.surface === "history" && !wanted.ids.length) wanted.ids = viewed();
    if (wanted.remember && wanted.ids.length) remember(wanted.ids[0]);
    if (!address(wanted)) return this.#nothing();
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    root.adoptedStyleSheets = [sheet];
    const photo = wanted.surface === "photo";
    fill(root, frame(wanted, photo ? "" : skeletons(wanted.limit)));
    this.#query = "";
    if (!photo) reserve(this.#panel, wanted);
    this.#enliven();
    if (photo) return this.#offerUpload();
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      this.#load();
    }, { rootMargin: NEAR });
    near.observe(this);
    this.#life.signal.addEventListener("abort", () => near.disconnect());
  }

  get #panel() {
    return this.shadowRoot?.querySelector(".panel");
  }

  async #load(facets) {
    try {
      this.#paint(await (await this.#ask(address(this.#wanted, { facets }))).json());
    } catch (error) {
      this.#fail(error, facets !== undefined);
    }
  }

  async #ask(url, sent = {}) {
    this.#asked?.abort();
    this.#asked = new AbortController();
    const response = await fetch(url, { credentials: "omit", ...sent, signal: this.#asked.signal });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail ?? "", { cause: `HTTP ${response.status}` });
  }

  #fail(error, keep) {
    if (error.name === "AbortError") return;
    const offline = error instanceof TypeError;
    const hint = offline && !this.hasAttribute("source") ? ` Is ${location.origin} in LOOKALIKE_ORIGINS?` : "";
    console.warn(`lookalike-panel: ${error.message || error.cause}${hint}`);
    this.#send("error", { message: error.message || this.#wanted.labels.failed, offline });
    this.#panel?.removeAttribute("aria-busy");
    if (keep) this.#say(this.#wanted.labels.failed);
    else this.#nothing();
  }

  #paint(answer) {
    const wanted = this.#wanted;
    const panel = this.#panel;
    const results = answer.results.filter((result) => result.product);
    const first = !this.#query;
    const photo = wanted.surface === "photo";
    if (!results.length && first && !photo) return this.#nothing(answer);
    this.#query = answer.query_id;
    this.#results = new Map(results.map((result) => [result.product_id, result]));
    this.#hold(() => {
      this.#label(answer.nothing_similar ? wanted.labels.nothing : (wanted.labels[answer.fallback] ?? ""));
      fill(panel.querySelector(".list"), html`${this.#items(results)}`);
    });
    panel.dataset.query = answer.query_id;
    panel.removeAttribute("aria-busy");
    if (first) {
      tuning(panel, wanted, answer.default_facets ?? {}, (facets) => this.#retune(facets), this.#life.signal);
    }
    if (!first || photo) this.#count(results.length);
    this.#watch(panel);
    this.#send("load", { query_id: answer.query_id, count: results.length, answer });
  }

  #retune(facets) {
    this.#panel.setAttribute("aria-busy", "true");
    this.#load(facets || this.#wanted.facets);
  }

  #items(results) {
    const template = this.querySelector(':scope > template[slot="card"]');
    for (const old of this.querySelectorAll(`:scope > [${SLOTTED}]`)) old.remove();
    if (!template) return results.map((result) => item(result, card(result, this.#wanted)));
    return results.map((result) => {
      const place = document.createElement("div");
      place.slot = `card-${result.rank}`;
      place.setAttribute(SLOTTED, "");
      place.append(filled(template, fields(result, this.#wanted)));
      this.append(place);
      return item(result, html`<slot name="${place.slot}"></slot>`);
    });
  }

  // The same panel as the server renders it for what the page's own form asks for.
  async #exchange(query) {
    const panel = this.#panel;
    panel.setAttribute("aria-busy", "true");
    try {
      const headers = { Accept: "text/html, application/json;q=0.9" };
      const asked = query.size ? `${this.getAttribute("source")}?${query}` : this.getAttribute("source");
      const text = await (await this.#ask(asked, { headers, credentials: "same-origin" })).text();
      const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("lookalike-panel");
      const { content } = fresh.querySelector("template");
      for (const old of this.querySelectorAll(OWN)) old.remove();
      this.append(...fresh.querySelectorAll(OWN));
      panel.querySelector(".list").replaceChildren(...content.querySelector(".list").children);
      this.#label(content.querySelector(".label").textContent);
      this.#query = panel.dataset.query = content.querySelector(".panel").dataset.query;
      panel.removeAttribute("aria-busy");
      this.#watch(panel);
      const count = panel.querySelector(".list").children.length;
      this.#count(count);
      this.#send("load", { query_id: this.#query, count, query: `${query}` });
    } catch (error) {
      this.#fail(error, true);
    }
  }

  #count(count) {
    const { labels } = this.#wanted;
    this.#say(count === 1 ? labels.one : labels.count, { count });
  }

  #label(text) {
    const label = this.#panel.querySelector(".label");
    label.textContent = text;
    label.hidden = !text;
  }

  #say(text, values = {}) {
    const status = this.#panel?.querySelector("[role=status]");
    if (status) status.textContent = text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  // Nothing to show takes no place, except while the visitor looks at it: then nothing moves.
  #nothing(answer) {
    this.#hold(() => {
      if (this.shadowRoot) fill(this.shadowRoot, html`<slot name="empty"></slot>`);
    });
    if (answer) console.info(`lookalike-panel: nothing is similar enough to ${this.#wanted.ids.join(", ")}, so nothing is shown.`);
    this.#send("empty", { query_id: answer?.query_id });
  }

  // Keep the height while a change that would lower it is in view.
  #hold(change) {
    const { height, bottom, top } = this.getBoundingClientRect();
    const visible = bottom > 0 && top < innerHeight;
    change();
    this.style.removeProperty("min-height");
    if (!visible || this.getBoundingClientRect().height >= height - 1) return;
    this.style.minHeight = `${height}px`;
    const away = new IntersectionObserver(([entry]) => {
      if (entry.isIntersecting) return;
      away.disconnect();
      this.style.removeProperty("min-height");
    });
    away.observe(this);
    this.#life.signal.addEventListener("abort", () => away.disconnect());
  }

  // Content that the server sent in a declarative shadow root.
  #adoptShadow() {
    const template = this.querySelector(":scope > template[shadowrootmode]");
    if (template && !this.shadowRoot) {
      this.attachShadow({ mode: "open" }).append(template.content);
      template.remove();
    }
    if (!this.#panel) { // it was sent without a panel
      if (!this.shadowRoot) this.removeAttribute("embedded"), this.#plan();
      return;
    }
    this.#query = this.#panel.dataset.query;
    if ("events" in this.dataset) { // our own storefront's
      this.#wanted.events = this.dataset.events;
      this.#wanted.token = this.dataset.token;
    }
    this.#enliven();
    const form = this.querySelector(':scope > form[slot="tuning"]');
    if (form) ownForm(form, this.#panel, (query) => this.#exchange(query), this.#life.signal);
    this.#watch(this.#panel);
  }

  #enliven() {
    this.#listen(this.#panel);
    carousel(this.#panel, (values) => this.#say(this.#wanted.labels.shown, values), this.#life.signal);
  }

  #watch(root) {
    const fresh = [...root.querySelectorAll("[data-product]")].filter((node) => !node.watched);
    for (const node of fresh) node.watched = true;
    watch(root, fresh, (node) => this.#happened("view", node), this.#life.signal);
  }

  #listen(root) {
    const opened = (event) => this.#opened(event);
    const { signal } = this.#life;
    root.addEventListener("click", opened, { signal, capture: true });
    root.addEventListener("auxclick", opened, { signal, capture: true });
  }

  #opened(event) {
    const path = event.composedPath();
    const node = path.find((one) => one.dataset?.product);
    const button = path.find((one) => one.matches?.(".heart"));
    const link = path.find((one) => one.localName === "a");
    if (!node || event.button > 1) return;
    if (button) {
      if (event.button === 0) this.#saved(node, button);
    } else if (link?.matches('[data-field="link"], .link') || (link && !node.querySelector('[data-field="link"]'))) {
      if (!this.#happened("select", node)) event.preventDefault();
      flush();
    }
  }

  #saved(node, button) {
    const saved = button.ariaPressed !== "true";
    if (!this.#happened("wishlist", node, { saved }) || !this.#wanted.saved) return;
    button.setAttribute("aria-pressed", String(saved));
    this.#wanted.saved[saved ? "add" : "delete"](node.dataset.product);
  }

  #showSaved(text) {
    this.#wanted.saved = options((name) => (name === "saved" ? text : null)).saved ?? new Set();
    for (const button of this.shadowRoot?.querySelectorAll(".heart") ?? []) {
      const id = button.closest("[data-product]").dataset.product;
      button.setAttribute("aria-pressed", String(this.#wanted.saved.has(id)));
    }
  }

  // Tell the page, our own report and GA4; false if the page took care of it.
  #happened(name, node, more = {}) {
    const wanted = this.#wanted;
    const product_id = node.dataset.product;
    const position = Number(node.dataset.position);
    const query_id = this.#query;
    const result = this.#results.get(product_id) ?? { product_id, rank: position };
    if (name !== "wishlist" || more.saved) {
      report(wanted, { select: "click" }[name] ?? name, { query_id, product_id, position });
    }
    if (wanted.ga4) this.#tellGa4(name, query_id, result);
    const { surface } = wanted;
    return this.#send(name, { query_id, product_id, position, surface, product: result.product, ...more });
  }

  #tellGa4(name, query_id, result) {
    const wanted = this.#wanted;
    if (name === "select") ga4("select_item", [result], wanted);
    if (name !== "view" || this.#listed === query_id) return;
    this.#listed = query_id;
    ga4("view_item_list", this.#results.size ? [...this.#results.values()] : [result], wanted);
  }

  #send(name, detail) {
    return this.dispatchEvent(new CustomEvent(`lookalike:${name}`, { bubbles: true, composed: true, cancelable: true, detail }));
  }

  #offerUpload() {
    const { labels } = this.#wanted;
    const place = this.#panel.querySelector(".tools");
    fill(place, html`<label class="pick" part="pick"><span>${labels.choose}</span><input class="unseen" type="file" accept="image/jpeg,image/png,image/webp,image/avif,image/heic"></label>`);
    place.querySelector("input").addEventListener("change", async ({ target }) => {
      if (!target.files.length) return;
      const body = new FormData();
      body.append("photo", target.files[0]);
      this.#say(labels.searching);
      this.#panel.setAttribute("aria-busy", "true");
      try {
        this.#paint(await (await this.#ask(address(this.#wanted), { method: "POST", body })).json());
      } catch (error) {
        this.#fail(error, true);
        if (error.name !== "AbortError") this.#label(labels.unread);
      }
    }, { signal: this.#life.signal });
  }
}
