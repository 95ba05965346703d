// Hearts work in place. Without this script they are a plain form that returns to the page.
const toast = document.querySelector("[data-toast]");
let timer;

function showToast(text) {
  toast.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { toast.textContent = ""; }, 3500);
}

function showHeart(productId, saved) {
  for (const heart of document.querySelectorAll("[data-heart]")) {
    if (heart.value !== productId) continue;
    heart.name = saved ? "remove" : "add";
    heart.setAttribute("aria-pressed", String(saved));
    const text = heart.querySelector("[data-heart-text]");
    if (text) text.textContent = saved ? "On your wishlist" : "Add to wishlist";
  }
}

function showCount(number) {
  for (const badge of document.querySelectorAll("[data-wishlist-count]")) {
    badge.textContent = number;
    badge.hidden = number === 0;
  }
}

document.getElementById("hearts").addEventListener("submit", async (event) => {
  const form = event.currentTarget;
  const heart = event.submitter;
  if (!heart.matches("[data-heart]")) return; // "less like this" loads the page again
  event.preventDefault();
  const fields = new FormData(form);
  fields.append(heart.name, heart.value);
  try {
    const response = await fetch(form.action, {
      method: "POST", body: fields, headers: { Accept: "application/json" },
    });
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail);
    showHeart(heart.value, body.saved);
    showCount(body.count);
    showToast(body.message ?? (body.saved ? "Saved to your wishlist" : "Removed from your wishlist"));
  } catch (error) {
    showToast(error instanceof TypeError ? "The shop cannot be reached right now" : error.message);
  }
});
