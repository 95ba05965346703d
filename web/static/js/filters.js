// An open filter list closes on Escape and on a click elsewhere.
function close(list, focus) {
  list.open = false;
  if (focus) list.querySelector("summary").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const list of document.querySelectorAll("details.filter[open]")) close(list, true);
});

document.addEventListener("click", (event) => {
  for (const list of document.querySelectorAll("details.filter[open]")) {
    if (!list.contains(event.target)) close(list, false);
  }
});
