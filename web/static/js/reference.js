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
}
new MutationObserver(mend).observe(place, { childList: true, subtree: true });
mend();
