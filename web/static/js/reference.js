// Shows the OpenAPI document with Swagger UI; "Try it out" sends requests to this server.
const place = document.getElementById("reference");
window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: false, // its links stand inside of buttons, where keyboards do not reach them
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});

// Swagger UI begins with headings of the third level, and its description belongs to no landmark.
const LEVELS = { "h3.opblock-tag": 2, ".models h4": 2, ".opblock-body h4": 3, ".opblock-body h5": 4 };

// Its fields, examples and tables have no names that a screen reader could say.
function named(node, name) {
  if (node.getAttribute("aria-label") !== name) node.setAttribute("aria-label", name);
}

function mend() {
  for (const [selector, level] of Object.entries(LEVELS)) {
    for (const heading of place.querySelectorAll(`${selector}:not([aria-level])`)) {
      heading.setAttribute("role", "heading");
      heading.setAttribute("aria-level", level);
    }
  }
  const about = place.querySelector(".information-container:not([role])");
  about?.setAttribute("role", "region");
  about?.setAttribute("aria-label", "About this API");
  for (const field of place.querySelectorAll(".parameters select, .parameters textarea, .parameters input")) {
    const name = field.closest("[data-param-name]")?.dataset.paramName;
    if (name) named(field, name);
  }
  for (const field of place.querySelectorAll(".opblock-section-request-body textarea, .opblock-section-request-body input, .opblock-section-request-body select")) {
    const row = field.closest("tr")?.querySelector(".parameter__name");
    named(field, row ? row.textContent.replace("*", "").trim() : field.closest(".content-type-wrapper") ? "Type of the request body" : "Request body");
  }
  for (const type of place.querySelectorAll(".responses-wrapper .content-type")) named(type, "Type of the answer");
  for (const example of place.querySelectorAll("pre.microlight:not([tabindex])")) example.tabIndex = 0;
  for (const table of place.querySelectorAll("table.responses-table[role=region], table.live-responses-table[role=region]")) {
    table.removeAttribute("role"); // a table of its own kind, under a heading
  }
}
new MutationObserver(mend).observe(place, { childList: true, subtree: true });
mend();
