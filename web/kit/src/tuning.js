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

export function sliders(names, labels) {
  return html`<fieldset><legend>${labels.matters}</legend>${names.map((name) => html`<label class="slider" part="slider"><span>${labels[name] ?? name[0].toUpperCase() + name.slice(1)}</span><input type="range" name="${name}" min="0" max="4" value="${MIDDLE}"><span class="ends" aria-hidden="true"><span>${labels.less}</span><span>${labels.more}</span></span></label>`)}</fieldset>`;
}

// Keep the place of sliders that are shown from the start, until the facets are known.
export function reserve(panel, wanted) {
  if (wanted.tuning !== "open") return;
  const place = panel.querySelector(".tuning");
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
  const { labels } = wanted;
  fill(place, sliders(names, labels));
  const inputs = [...place.querySelectorAll("input")];
  let timer;
  place.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      changed(facetsText(weights, Object.fromEntries(inputs.map((one) => [one.name, Number(one.value)]))));
    }, DELAY);
  }, { signal });
  button?.addEventListener("click", () => {
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
  }, { signal });
}
