// Shows the chosen photo, and that a search is running.
const form = document.querySelector("[data-drop]");
const zone = form.querySelector(".drop-zone");
const input = form.elements.photo;
const picture = form.querySelector("[data-drop-photo]");
const text = form.querySelector("[data-drop-text]");

input.addEventListener("change", () => {
  const [file] = input.files;
  if (!file) return;
  text.textContent = file.name;
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(file);
  picture.hidden = false;
  zone.querySelector(":scope > .icon")?.remove();
});

for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, () => zone.classList.add("drop-over"));
}
for (const name of ["dragleave", "drop"]) {
  zone.addEventListener(name, () => zone.classList.remove("drop-over"));
}

form.addEventListener("submit", () => {
  const button = form.querySelector("button");
  button.textContent = "Searching…";
  button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  const button = form.querySelector("button");
  button.textContent = "Find similar items";
  button.removeAttribute("aria-busy");
});
