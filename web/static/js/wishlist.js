// Hearts change in place. Without this file they are a plain form that comes back to the page.
const toast = document.querySelector("[data-toast]");
let fading;

function say(text) {
  toast.textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => { toast.textContent = ""; }, 3500);
}

function show(productId, saved) {
  for (const heart of document.querySelectorAll("[data-heart]")) {
    if (heart.value !== productId) continue;
    heart.name = saved ? "remove" : "add";
    heart.setAttribute("aria-pressed", String(saved));
    const words = heart.querySelector("[data-heart-words]");
    if (words) words.textContent = saved ? "On your wishlist" : "Add to wishlist";
  }
}

function count(number) {
  for (const badge of document.querySelectorAll("[data-wishlist-count]")) {
    badge.textContent = number;
    badge.hidden = number === 0;
  }
}

document.getElementById("hearts").addEventListener("submit", async (event) => {
  const form = event.currentTarget;
  const heart = event.submitter;
  if (!heart.matches("[data-heart]")) return; // "less like this" makes another page
  event.preventDefault();
  const body = new FormData(form);
  body.append(heart.name, heart.value);
  try {
    const answer = await fetch(form.action, {
      method: "POST", body, headers: { Accept: "application/json" },
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail);
    show(heart.value, told.saved);
    count(told.count);
    say(told.message ?? (told.saved ? "Saved to your wishlist" : "Taken off your wishlist"));
  } catch (problem) {
    say(problem instanceof TypeError ? "The shop cannot be reached just now" : problem.message);
  }
});
