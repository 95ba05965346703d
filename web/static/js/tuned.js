// What the visitor asked of the panel is kept in the page's address, and a failure is told.
import { showToast } from "./toast.js";

document.addEventListener("lookalike:load", ({ detail }) => {
  if (detail.query === undefined) return;
  history.replaceState(null, "", `${location.pathname}${detail.query && `?${detail.query}`}#similar`);
});

document.addEventListener("lookalike:error", ({ detail }) => {
  showToast(detail.offline
    ? "The shop cannot be reached right now. The items below are those from before."
    : detail.message);
});
