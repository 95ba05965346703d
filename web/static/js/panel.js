// "More in colour" swaps the panel in place. Without this file the links load the page anew.
const panelId = "similar";

async function load(address, keep) {
  const panel = document.getElementById(panelId);
  panel.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(panelId);
    panel.replaceWith(fresh);
    if (keep) history.pushState({ panel: true }, "", address);
    fresh.querySelector(".facets [aria-current]")?.focus({ preventScroll: true });
  } catch {
    location.assign(address);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".facets a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  load(link.href, true);
});

addEventListener("popstate", () => load(location.href, false));
