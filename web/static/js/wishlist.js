// Hearts work in place. Without this script they are a plain form that returns to the page.
import { showToast } from "./toast.js";

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

// "Less like this" replaces the items where they are: nobody loses the place.
async function less(form, button) {
  const fields = new FormData(form);
  fields.append(button.name, button.value);
  const section = document.getElementById("similar");
  section.setAttribute("aria-busy", "true");
  try {
    const headers = { Accept: "application/json" };
    const response = await fetch(form.action, { method: "POST", body: fields, headers });
    if (!response.ok) throw new Error((await response.json()).detail);
    const text = await (await fetch(location.href)).text();
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("similar");
    const top = section.querySelector("h2").getBoundingClientRect().top;
    section.replaceWith(fresh);
    const undo = fresh.querySelector(`[name=undo][value="${CSS.escape(button.value)}"]`);
    (undo ?? fresh.querySelector("h2")).focus({ preventScroll: true });
    // The heading stays where it was, or comes into view.
    scrollBy(0, fresh.querySelector("h2").getBoundingClientRect().top - Math.max(top, 16));
    showToast(undo ? "You will see less like this" : "Undone");
  } catch (error) {
    section.removeAttribute("aria-busy");
    showToast(error instanceof TypeError ? "The shop cannot be reached right now" : error.message);
  }
}

document.getElementById("hearts").addEventListener("submit", async (event) => {
  const form = event.currentTarget;
  const heart = event.submitter;
  event.preventDefault();
  if (!heart.matches("[data-heart]")) return less(form, heart);
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
