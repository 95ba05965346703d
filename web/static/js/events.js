// Tells the shop which products of an answer were seen, opened and saved: no more than that, and
// nothing about who did. Cards carry data-query, data-product and data-position.
const address = document.body.dataset.events;
// A shop that asks programs for a key knows its own pages by this.
const token = document.querySelector("#hearts [name=csrf_token]").value;
const PAUSE = 2000; // milliseconds that events wait for others
const MOST = 100; // events of one request
const SEEN = 0.5; // of a card

const said = new Set();
let waiting = [];
let timer;

function send() {
  clearTimeout(timer);
  timer = undefined;
  while (waiting.length) {
    const events = waiting.splice(0, MOST);
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    // keepalive: it is sent to its end though the page is left.
    fetch(address, { method: "POST", keepalive: true, headers, body: JSON.stringify({ events }) })
      .catch(() => {}); // what the shop cannot take is not the visitor's trouble
  }
}

function tell(kind, card) {
  const { query, product, position } = card.dataset;
  const key = `${kind} ${query} ${product}`;
  if (!query || said.has(key)) return;
  said.add(key);
  waiting.push({ kind, query_id: query, product_id: product, position: Number(position) });
  timer ??= setTimeout(send, PAUSE);
}

const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watch.unobserve(entry.target);
    tell("view", entry.target);
  }
}, { threshold: SEEN });

function look(root) {
  for (const card of root.querySelectorAll("[data-query][data-product]")) watch.observe(card);
}

function opened(event) {
  const card = event.target.closest?.("[data-query]");
  if (!card || !event.target.closest("a.card-link") || event.button > 1) return;
  tell("click", card);
  send();
}

if (address) {
  look(document);
  // Sliders put new cards in place.
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) look(node);
    }
  }).observe(document.getElementById("main"), { childList: true, subtree: true });
  document.addEventListener("click", opened, true);
  document.addEventListener("auxclick", opened, true);
  document.getElementById("hearts").addEventListener("submit", (event) => {
    const card = event.submitter?.closest("[data-query]");
    if (card && event.submitter.name === "add") tell("wishlist", card);
  }, true);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") send();
  });
  addEventListener("pagehide", send);
}
