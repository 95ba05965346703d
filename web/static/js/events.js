// Reports which products of an answer were viewed, opened and saved, without any data about the
// visitor. Cards carry data-query, data-product and data-position.
const address = document.body.dataset.events;
// Lets our own pages send events where programs need an API key.
const token = document.querySelector("#hearts [name=csrf_token]").value;
const DELAY = 2000; // milliseconds that events wait to be sent together
const MAX_EVENTS = 100; // of one request
const VISIBLE = 0.5; // share of a card that counts as a view

const reported = new Set();
let queue = [];
let timer;

function send() {
  clearTimeout(timer);
  timer = undefined;
  while (queue.length) {
    const events = queue.splice(0, MAX_EVENTS);
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    // keepalive: the request completes even if the visitor leaves the page.
    fetch(address, { method: "POST", keepalive: true, headers, body: JSON.stringify({ events }) })
      .catch(() => {}); // a lost event is no reason to bother the visitor
  }
}

function report(kind, card) {
  const { query, product, position } = card.dataset;
  const key = `${kind} ${query} ${product}`;
  if (!query || reported.has(key)) return;
  reported.add(key);
  queue.push({ kind, query_id: query, product_id: product, position: Number(position) });
  timer ??= setTimeout(send, DELAY);
}

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    report("view", entry.target);
  }
}, { threshold: VISIBLE });

function observe(root) {
  for (const card of root.querySelectorAll("[data-query][data-product]")) observer.observe(card);
}

function opened(event) {
  const card = event.target.closest?.("[data-query]");
  if (!card || !event.target.closest("a.card-link") || event.button > 1) return;
  report("click", card);
  send();
}

if (address) {
  observe(document);
  // The sliders replace the cards.
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) observe(node);
    }
  }).observe(document.getElementById("main"), { childList: true, subtree: true });
  document.addEventListener("click", opened, true);
  document.addEventListener("auxclick", opened, true);
  document.getElementById("hearts").addEventListener("submit", (event) => {
    const card = event.submitter?.closest("[data-query]");
    if (card && event.submitter.name === "add") report("wishlist", card);
  }, true);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") send();
  });
  addEventListener("pagehide", send);
}
