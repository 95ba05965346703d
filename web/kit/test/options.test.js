import assert from "node:assert/strict";
import { test } from "node:test";
import { address, eventsAddress, options, words } from "../src/options.js";

const read = (given) => (name) => given[name] ?? null;
const wanted = (given) => options(read({ api: "https://looks.example/", ...given }));

test("one product asks for what is similar to it", () => {
  const url = new URL(address(wanted({ "product-id": "10001", limit: "6", key: "pk" })));
  assert.equal(url.pathname, "/api/v1/products/10001/similar");
  assert.deepEqual(Object.fromEntries(url.searchParams), { k: "6", absolute: "true", locale: "en", key: "pk" });
});

test("an id is a part of the path, slashes included", () => {
  assert.match(address(wanted({ "product-id": "a/b c?#" })), /products\/a\/b%20c%3F%23\/similar\?/);
});

test("filters, facets and a lowest match are sent along", () => {
  const given = { "product-id": "1", filter: "gender=female&price_to=50", facets: "colour: 2, shape:1", "min-match": "60" };
  const { searchParams } = new URL(address(wanted(given)));
  assert.equal(searchParams.get("gender"), "female");
  assert.equal(searchParams.get("facets"), "colour:2,shape:1");
  assert.equal(searchParams.get("min_match"), "60");
});

test("lists have routes of their own, and stay within a server's limit", () => {
  const many = Array.from({ length: 190 }, (_, at) => `product-${at}-${"x".repeat(40)}`).join(",");
  const url = address(wanted({ surface: "cart", "product-ids": many }));
  assert.match(url, /\/api\/v1\/cart\/similar\?/);
  assert.ok(url.length < 4000);
  assert.match(address(wanted({ surface: "wishlist", "product-ids": "1, 2" })), /id=1&id=2/);
});

test("without a product there is nothing to ask", () => {
  assert.equal(address(wanted({})), null);
  assert.equal(address(wanted({ surface: "cart" })), null);
});

test("wrong values fall back to the defaults", () => {
  const found = wanted({ surface: "nowhere", layout: "pile", limit: "x", labels: "{", tuning: "?" });
  assert.deepEqual([found.surface, found.layout, found.limit, found.tuning], ["similar", "grid", 12, "off"]);
  assert.equal(wanted({ limit: "1000" }).limit, 100);
  assert.equal(found.heading, "Similar items");
  assert.equal(wanted({ heading: "" }).heading, "");
});

test("an empty attribute is none", () => {
  const empty = options(read({ api: "", "min-match": "", "product-id": "1" }), { api: "https://looks.example/" });
  const url = address(empty);
  assert.ok(url.startsWith("https://looks.example/api/"));
  assert.equal(new URL(url).searchParams.has("min_match"), false);
  assert.equal(wanted({ locale: "pt_BR" }).locale, "pt-BR");
});

test("a locale chooses the words, and the labels of a page come before them", () => {
  const german = wanted({ locale: "de-AT", "product-id": "1", labels: '{"next": "Weiter"}' });
  assert.deepEqual([german.heading, german.labels.next, german.language], ["Ähnliche Artikel", "Weiter", "de"]);
  assert.equal(new URL(address(german)).searchParams.get("locale"), "de");
  for (const locale of ["fr_CA", "FR"]) assert.equal(wanted({ locale }).heading, "Articles similaires");
  for (const locale of ["es", "constructor", ""]) assert.equal(wanted({ locale }).heading, "Similar items");
});

test("events go to the same server, with the public key", () => {
  assert.equal(eventsAddress(wanted({ key: "p k" })), "https://looks.example/api/v1/events?key=p%20k");
});

test("lists of ids are separated by spaces or commas", () => {
  assert.deepEqual(words(" 1, 2  3,,"), ["1", "2", "3"]);
});
