// Region, chips, sliders and filters update the results in place. Without this script they are a
// plain form.
import { crop } from "./crop.js";
import { problem, showToast } from "./toast.js";
import { describe, describeAll, reset } from "./sliders.js";

const form = document.getElementById("photo-form");
const status = document.querySelector("[data-panel-status]");
const resetButton = form.querySelector("[data-reset]");
const DELAY = 350; // milliseconds after the last change
let timer;
let pending;

function swap(page, id) {
  const old = document.getElementById(id);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const fresh = page.getElementById(id);
  old.replaceWith(fresh);
  if (focused?.type === "radio") fresh.querySelector(`[name=${focused.name}]:checked`)?.focus();
  return fresh;
}

async function update() {
  clearTimeout(timer);
  pending?.abort();
  pending = new AbortController();
  const cards = document.getElementById("similar-cards");
  cards.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.dataset.panel, {
      method: "POST", body: new FormData(form), signal: pending.signal,
      headers: { Accept: "application/json" }, // of errors
    });
    if (!response.ok) throw new Error(await problem(response));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    swap(page, "photo-chips");
    const { count, nothing } = swap(page, "similar-cards").dataset;
    status.textContent = nothing === undefined
      ? `${count} similar ${count === "1" ? "item" : "items"}`
      : "Nothing here looks like this photo";
  } catch (error) {
    if (error.name === "AbortError") return;
    cards.removeAttribute("aria-busy");
    showToast(error instanceof TypeError ? "The shop cannot be reached right now" : error.message);
  }
}

function later() {
  showToast("");
  clearTimeout(timer);
  timer = setTimeout(update, DELAY);
}

form.querySelector("[data-apply]").hidden = true;
resetButton.hidden = false;
describeAll(form);
crop(form, later, () => clearTimeout(timer));
document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.form !== form || field.hasAttribute("data-crop-field")) return;
  if (field.type === "range") describe(field);
  if (form.checkValidity()) later();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  update();
});
resetButton.addEventListener("click", () => {
  reset(form.querySelectorAll(".tuning input, .tuning select"));
  update();
});
