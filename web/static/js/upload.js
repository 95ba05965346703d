// Shows the chosen photo before it is sent, and that something is on its way.
const form = document.querySelector("[data-drop]");
const zone = form.querySelector(".drop-zone");
const input = form.elements.photo;
const picture = form.querySelector("[data-drop-photo]");
const words = form.querySelector("[data-drop-words]");

input.addEventListener("change", () => {
  const [file] = input.files;
  if (!file) return;
  words.textContent = file.name;
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
  button.textContent = "Looking…";
  button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  const button = form.querySelector("button");
  button.textContent = "Find look-alikes";
  button.removeAttribute("aria-busy");
});
