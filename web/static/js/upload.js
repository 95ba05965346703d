// Shows the chosen photo, and that a search is running.
const form = document.querySelector("[data-drop]");
const zone = form.querySelector(".drop-zone");
const input = form.elements.photo;
const picture = form.querySelector("[data-drop-photo]");
const button = form.querySelector("button");
const icon = zone.querySelector(":scope > .icon");
const text = form.querySelector("[data-drop-text]");

input.addEventListener("change", () => {
  const [file] = input.files;
  if (!file) return;
  text.textContent = file.name;
  button.hidden = false;
  if (picture.src.startsWith("blob:")) URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(file);
  picture.hidden = false;
  icon.setAttribute("hidden", "");
});

// Most browsers cannot show HEIC; the search can use it.
picture.addEventListener("error", () => {
  picture.hidden = true;
  icon.removeAttribute("hidden");
});

for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, () => zone.classList.add("drop-over"));
}
for (const name of ["dragleave", "drop"]) {
  zone.addEventListener(name, () => zone.classList.remove("drop-over"));
}

form.addEventListener("submit", () => {
  button.textContent = "Searching…";
  button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  button.hidden = form.hasAttribute("data-answered") && !input.files.length;
  button.textContent = "Find similar items";
  button.removeAttribute("aria-busy");
});
