// Sliders and filters update the panel in place. Without this script they are a plain form.
import { problem, showToast } from "./toast.js";
import { describe, describeAll, reset } from "./sliders.js";

const form = document.getElementById("tuning");
const status = document.querySelector("[data-panel-status]");
const DELAY = 180; // milliseconds after the last change of a slider
let timer;
let pending;

// Defaults are left out, so that URLs stay short.
function parameters() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value !== (form.elements[name].dataset.default ?? "")) query.append(name, value);
  }
  return query;
}

async function update() {
  pending?.abort();
  pending = new AbortController();
  const query = parameters();
  const text = query.size ? `?${query}` : "";
  const old = document.getElementById("similar-cards");
  old.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.dataset.panel + text, {
      signal: pending.signal, headers: { Accept: "text/html, application/json;q=0.9" },
    });
    if (!response.ok) throw new Error(await problem(response));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("similar-cards");
    old.replaceWith(fresh);
    form.querySelector("[data-reset]").hidden = query.size === 0;
    history.replaceState(null, "", location.pathname + text + "#similar");
    const count = Number(fresh.dataset.count);
    status.textContent = `${count} similar ${count === 1 ? "item" : "items"}`;
  } catch (error) {
    if (error.name === "AbortError") return;
    old.removeAttribute("aria-busy");
    showToast(error instanceof TypeError
      ? "The shop cannot be reached right now. The items below are those from before."
      : error.message);
  }
}

// On a phone the sliders are behind a button; elsewhere the style shows them always.
const button = document.querySelector("[data-tune]");
if (button) {
  button.hidden = false;
  form.classList.add("tuning-folds");
  button.addEventListener("click", () => {
    const open = form.classList.toggle("tuning-open");
    button.setAttribute("aria-expanded", String(open));
    if (open) form.scrollIntoView({ block: "nearest" });
  });
}

if (form) {
  form.querySelector("[data-apply]").hidden = true;
  describeAll(form);
  form.addEventListener("input", (event) => {
    if (event.target.type === "range") describe(event.target);
    if (!form.checkValidity()) return;
    clearTimeout(timer);
    timer = setTimeout(update, DELAY);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    update();
  });
  form.querySelector("[data-reset]").addEventListener("click", (event) => {
    event.preventDefault();
    reset(form.elements);
    form.querySelector("input, select").focus({ preventScroll: true });
    update();
  });
}
