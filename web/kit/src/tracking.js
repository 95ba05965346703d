// What visitors do with an answer: events of the page, our own events, and GA4's.
import { eventsAddress } from "./options.js";

const DELAY = 2000; // milliseconds that views wait to be sent together
const MOST = 100; // events of one request
const VISIBLE = 0.5; // share of a card that counts as a view

// One queue for all panels of a page, by the address that takes the events.
const queues = new Map();
const reported = new Set();
let timer;

export function flush() {
  clearTimeout(timer);
  timer = undefined;
  for (const [address, { events, token }] of queues) {
    while (events.length) {
      const body = JSON.stringify({ events: events.splice(0, MOST) });
      if (token) { // our own pages send their visitor's token, which a beacon cannot
        const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
        fetch(address, { method: "POST", keepalive: true, headers, body }).catch(() => {});
      } else {
        navigator.sendBeacon(address, new Blob([body], { type: "text/plain" }));
      }
    }
  }
}

export function report(wanted, kind, seen) {
  const key = `${kind} ${seen.query_id} ${seen.product_id}`;
  const address = wanted.events ?? eventsAddress(wanted);
  if (!address || !seen.query_id || reported.has(key)) return;
  reported.add(key);
  if (!queues.has(address)) queues.set(address, { events: [], token: wanted.token });
  queues.get(address).events.push({ kind, ...seen });
  timer ??= setTimeout(flush, DELAY);
}

addEventListener("pagehide", flush);
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());

// GA4's own shape: https://developers.google.com/analytics/devguides/collection/ga4/ecommerce
export function ga4Item(result, wanted) {
  const product = result.product ?? {};
  const found = {
    item_id: result.product_id,
    item_name: product.title ?? result.product_id,
    index: result.rank - 1,
    item_list_id: `lookalike_${wanted.surface}`,
    item_list_name: wanted.heading || wanted.labels[wanted.surface],
  };
  const price = product.sale_price ?? product.price;
  if (price !== null && price !== undefined) found.price = Number(price);
  if (product.brand) found.item_brand = product.brand;
  if (product.colour) found.item_variant = product.colour;
  (product.category ?? []).slice(0, 5).forEach((name, at) => {
    found[`item_category${at ? at + 1 : ""}`] = name;
  });
  return found;
}

export function ga4(name, results, wanted) {
  const items = results.map((result) => ga4Item(result, wanted));
  const { item_list_id, item_list_name } = items[0];
  const given = { item_list_id, item_list_name, items };
  const currency = results[0].product?.currency || wanted.currency;
  if (currency) given.currency = currency;
  if (typeof window.gtag === "function") {
    window.gtag("event", name, given);
  } else {
    window.dataLayer ??= [];
    window.dataLayer.push({ ecommerce: null }, { event: name, ecommerce: given });
  }
}

export function watch(root, cards, seen, signal) {
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      observer.unobserve(entry.target);
      seen(entry.target);
    }
  }, { threshold: VISIBLE });
  for (const card of cards) observer.observe(card);
  signal.addEventListener("abort", () => observer.disconnect());
}
