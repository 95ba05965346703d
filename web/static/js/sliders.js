// Sliders that say their position in words, and a form that goes back to its defaults.
export function describe(slider) {
  slider.setAttribute("aria-valuetext", slider.dataset.labels.split("|")[slider.value]);
}

export function describeAll(form) {
  for (const slider of form.querySelectorAll("input[type=range]")) describe(slider);
}

export function reset(fields) {
  for (const field of fields) {
    if (field.type === "checkbox") field.checked = false;
    else if (field.name) field.value = field.dataset.default ?? "";
    if (field.type === "range") describe(field);
  }
}
