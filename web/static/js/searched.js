// Clicks on the results of a search are reported to the event log, as those on panels are.
const list = document.querySelector("[data-query]");
const sent = new Set();

function report(event) {
  const link = event.target.closest(".card-link");
  const card = link?.closest("[data-query] > li");
  const productId = card?.querySelector("[data-heart]")?.value;
  if (!productId || sent.has(productId) || (event.type === "auxclick" && event.button !== 1)) return;
  sent.add(productId);
  const position = [...list.children].indexOf(card) + 1;
  const { query, events, token } = list.dataset;
  const body = JSON.stringify({
    events: [{ kind: "click", query_id: query, product_id: productId, position }],
  });
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  fetch(events, { method: "POST", keepalive: true, headers, body }).catch(() => {});
}

list?.addEventListener("click", report);
list?.addEventListener("auxclick", report);
