// The products that a visitor viewed, kept in the browser only, and only where the shop asks for it.
const KEY = "lookalike-history";
const MOST = 20;

export function viewed() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string").slice(0, MOST) : [];
  } catch { // storage may be switched off, or another's
    return [];
  }
}

export function remember(id) {
  try {
    localStorage.setItem(KEY, JSON.stringify([id, ...viewed().filter((one) => one !== id)].slice(0, MOST)));
  } catch { // a full or switched-off storage remembers nothing
  }
}
