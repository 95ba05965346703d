// Sliders and filters change the panel in place. Without this file they are a plain form.
const form = document.getElementById("tuning");
const status = document.querySelector("[data-panel-status]");
const PAUSE = 180; // milliseconds that a slider rests before the panel follows
const PLACES = ["not at all", "a little", "as usual", "more", "most of all"];
const VARIETY = ["all alike", "a little varied", "varied", "more varied", "most varied"];
let waiting;
let asking;

// What is as usual is left out, so that addresses stay short.
function wishes() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const field = form.elements[name];
    const usual = name.startsWith("mix.") ? "2" : field.type === "range" ? "0" : "";
    if (value !== usual) query.append(name, value);
  }
  return query;
}

async function follow(keep) {
  asking?.abort();
  asking = new AbortController();
  const query = wishes();
  const text = query.size ? `?${query}` : "";
  const old = document.getElementById("similar-cards");
  old.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.dataset.panel + text, { signal: asking.signal });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("similar-cards");
    old.replaceWith(fresh);
    form.querySelector("[data-reset]").hidden = query.size === 0;
    if (keep) history.replaceState(null, "", location.pathname + text + "#similar");
    const count = Number(fresh.dataset.count);
    status.textContent = `${count} ${count === 1 ? "look-alike" : "look-alikes"}`;
  } catch (problem) {
    if (problem.name === "AbortError") return;
    location.assign(location.pathname + text + "#similar");
  }
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(() => follow(true), PAUSE);
}

function name(slider) {
  const places = slider.name.startsWith("mix.") ? PLACES : VARIETY;
  slider.setAttribute("aria-valuetext", places[slider.value]);
}

if (form) {
  form.querySelector("[data-apply]").hidden = true;
  for (const slider of form.querySelectorAll("input[type=range]")) name(slider);
  form.addEventListener("input", (event) => {
    if (event.target.type === "range") name(event.target);
    if (form.checkValidity()) later();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    follow(true);
  });
  form.querySelector("[data-reset]").addEventListener("click", (event) => {
    event.preventDefault();
    for (const field of form.elements) {
      if (field.type === "range") field.value = field.name.startsWith("mix.") ? 2 : 0;
      else if (field.type === "checkbox") field.checked = false;
      else if (field.name) field.value = "";
      if (field.type === "range") name(field);
    }
    form.querySelector("input, select").focus({ preventScroll: true });
    follow(true);
  });
}
