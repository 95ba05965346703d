import assert from "node:assert/strict";
import { test } from "node:test";
import { card, fields, frame, money, photoSet } from "../src/cards.js";
import { absolute, html } from "../src/html.js";
import { options } from "../src/options.js";
import { facetsText } from "../src/tuning.js";

const wanted = options((name) => ({ api: "https://looks.example", locale: "en-GB", saved: "" })[name] ?? null);
const result = (product) => ({
  product_id: "1", rank: 1, reasons: ["same colour"],
  product: { title: "Fern Red dress", brand: "Fern", price: "20.00", sale_price: null, currency: "EUR", colour: "red", link: "https://shop.example/1", url: "/products/1", photos: [], ...product },
});

test("values are escaped, markup of our own is not", () => {
  const evil = `<img src=x onerror="alert(1)">'&`;
  assert.equal(html`<b title="${evil}">${[html`<i>${evil}</i>`]}</b>`.text.match(/<img/), null);
  const text = card(result({ title: evil, brand: evil, link: "javascript:alert(1)" }), wanted).text;
  assert.equal(text.match(/<img|javascript:|"alert/), null);
  assert.equal(frame({ ...wanted, heading: evil }, "").text.match(/<img/), null);
});

test("a link is an address of the web, or none", () => {
  assert.equal(absolute("javascript:alert(1)", "https://a.example"), "");
  assert.equal(absolute("data:text/html,x", "https://a.example"), "");
  assert.equal(absolute("/products/1", "https://a.example/x/"), "https://a.example/products/1");
  assert.equal(absolute("https://", "https://a.example"), "");
  assert.equal(absolute(undefined, "https://a.example"), "");
});

test("prices in the shop's language, with what they were", () => {
  assert.equal(money("1234.5", "EUR", "de-DE").replace(/\s/g, " "), "1.234,50 €");
  assert.equal(money("5", "nonsense", "en"), "5.00 nonsense");
  assert.equal(money(null, "EUR"), "");
  const sale = fields(result({ sale_price: "15.00" }), wanted);
  assert.deepEqual([sale.price, sale["old-price"]], ["€15.00", "€20.00"]);
  const dearer = fields(result({ sale_price: "20.00" }), wanted);
  assert.equal(dearer["old-price"], "");
});

test("a title does not repeat the brand above it", () => {
  assert.equal(fields(result({}), wanted).title, "Red dress");
  assert.equal(fields(result({ title: "Fern" }), wanted).title, "Fern");
  assert.equal(fields(result({ brand: null }), wanted).title, "Fern Red dress");
});

test("a photo has all its widths", () => {
  assert.match(photoSet("https://a.example/media/ab/480.jpg"), /\/320\.jpg 320w, .*\/960\.jpg 960w$/);
});

test("sliders scale the shop's own weights, and say nothing in the middle", () => {
  const weights = { shape: 0.6, colour: 0.4 };
  assert.equal(facetsText(weights, { shape: 2, colour: 2 }), "");
  assert.equal(facetsText(weights, { shape: 0, colour: 2 }), "shape:0,colour:0.4");
  assert.equal(facetsText(weights, { shape: 0, colour: 0 }), "");
});
