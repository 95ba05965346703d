// Sliders that weigh the facets of an answer, five steps each; the middle one is the shop's default.
import { fill, html } from "./html.js";

const MIDDLE = 2;
const FACTORS = [0, 0.3, 1, 4, 12]; // of a facet's default weight
const DELAY = 200; // milliseconds after the last change

export function facetsText(weights, positions) {
  const changed = Object.values(positions).some((at) => at !== MIDDLE);
  const all = Object.entries(weights).map(([name, weight]) => [name, weight * FACTORS[positions[name] ?? MIDDLE]]);
  if (!changed || all.every(([, weight]) => weight === 0)) return "";
  return all.map(([name, weight]) => `${name}:${Number(weight.toPrecision(4))}`).join(",");
}

const USUAL = ["shape", "colour", "pattern"]; // facets that a panel keeps a place for

const steps = (labels) => [labels.least, labels.less, labels.usual, labels.more, labels.most];

export function sliders(names, labels) {
  return html`<fieldset><legend>${labels.matters}</legend>${names.map((name) => html`<label class="slider" part="slider"><span>${labels[name] ?? name[0].toUpperCase() + name.slice(1)}</span><input type="range" name="${name}" min="0" max="4" value="${MIDDLE}" aria-valuetext="${steps(labels)[MIDDLE]}" data-labels="${steps(labels).join("|")}"><span class="ends" aria-hidden="true"><span>${labels.less}</span><span>${labels.more}</span></span></label>`)}</fieldset>`;
}

// Keep the place of sliders that are shown from the start, until the facets are known.
export function reserve(panel, wanted) {
  if (!["open", "auto"].includes(wanted.tuning)) return;
  const place = panel.querySelector(".tuning");
  place.classList.toggle("folds", wanted.tuning === "auto");
  fill(place, sliders(USUAL, wanted.labels));
  place.firstElementChild.disabled = true;
}

export function tuning(panel, wanted, weights, changed, signal) {
  const place = panel.querySelector(".tuning");
  const names = Object.keys(weights);
  const button = panel.querySelector(".adjust");
  if (wanted.tuning === "off" || names.length < 2) {
    place.hidden = true;
    if (button) button.hidden = true;
    return;
  }
  fill(place, sliders(names, wanted.labels));
  const inputs = [...place.querySelectorAll("input")];
  place.addEventListener("input", ({ target }) => describe(target), { signal });
  later(place, () => {
    changed(facetsText(weights, Object.fromEntries(inputs.map((one) => [one.name, Number(one.value)]))));
  }, signal);
  folding(place, button, signal);
}

// A form of the page's own, in the slot "tuning": its fields are parameters of the address that
// gives the panel as markup. Without this script it is a plain form.
export function ownForm(form, panel, changed, signal) {
  const reset = form.querySelector("[data-reset]");
  const send = () => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value !== (form.elements[name].dataset.default ?? "")) query.append(name, value);
    }
    if (reset) reset.hidden = query.size === 0;
    changed(query);
  };
  for (const button of form.querySelectorAll("[type=submit]")) button.hidden = true;
  for (const field of form.elements) describe(field);
  const now = later(form, () => form.checkValidity() && send(), signal);
  form.addEventListener("input", ({ target }) => describe(target), { signal });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    now();
  }, { signal });
  reset?.addEventListener("click", (event) => {
    event.preventDefault();
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = false;
      else if (field.name) field.value = field.dataset.default ?? "";
      describe(field);
    }
    form.querySelector("input, select").focus({ preventScroll: true });
    now();
  }, { signal });
  const place = panel.querySelector(".form");
  place.classList.add("folds");
  place.classList.toggle("open", "open" in form.dataset);
  folding(place, panel.querySelector(".adjust"), signal);
}

// Say a slider's position in the words that it brings.
function describe(field) {
  const words = field.dataset.labels?.split("|");
  if (words) field.setAttribute("aria-valuetext", words[field.value]);
}

// Act some time after the last change; what is returned acts at once, and then not again.
export function later(place, act, signal) {
  let timer;
  place.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(act, DELAY);
  }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    act();
  };
}

// The button that shows and hides the sliders; those that fold are shown where there is room.
function folding(place, button, signal) {
  if (!button) return;
  const folds = place.classList.contains("folds");
  const open = () => (folds ? place.classList.contains("open") : !place.hidden);
  button.setAttribute("data-live", "");
  button.setAttribute("aria-expanded", String(open()));
  button.addEventListener("click", () => {
    if (folds) place.classList.toggle("open");
    else place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(open()));
    if (open()) place.scrollIntoView({ block: "nearest" });
  }, { signal });
}
