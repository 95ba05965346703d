// A row that scrolls: by finger without any script, by buttons and keys with this one.
export function carousel(panel, say, signal) {
  const row = panel.querySelector(".window");
  const arrows = panel.querySelector(".arrows");
  if (!row || !arrows) return;
  const [previous, next] = arrows.querySelectorAll("button");
  const list = row.querySelector(".list");
  const items = () => [...list.children];
  const backwards = () => getComputedStyle(row).direction === "rtl";

  function seen() {
    const box = row.getBoundingClientRect();
    return items().flatMap((item, at) => {
      const { left, right } = item.getBoundingClientRect();
      return left >= box.left - 2 && right <= box.right + 2 ? [at] : [];
    });
  }

  function update() {
    const room = row.scrollWidth - row.clientWidth;
    const at = Math.abs(row.scrollLeft);
    arrows.toggleAttribute("data-still", room < 2);
    row.tabIndex = room < 2 ? -1 : 0; // what does not scroll needs no keys
    previous.setAttribute("aria-disabled", String(at < 2));
    next.setAttribute("aria-disabled", String(at > room - 2));
  }

  function move(step, speak) {
    const all = items();
    const shown = seen();
    const first = shown[0] ?? 0;
    const page = Math.max(1, shown.length);
    const target = Math.min(all.length - 1, Math.max(0, step === Infinity ? all.length - 1 : step === -Infinity ? 0 : first + step * (speak ? page : 1)));
    const edge = all[target].getBoundingClientRect();
    const box = row.getBoundingClientRect();
    const by = backwards() ? edge.right - box.right + 4 : edge.left - box.left - 4;
    row.scrollBy({ left: by });
    if (!speak) return;
    const last = Math.min(all.length, target + page);
    say({ from: Math.min(target, all.length - page) + 1, to: last, count: all.length });
  }

  arrows.setAttribute("data-live", "");
  const on = { signal };
  previous.addEventListener("click", () => previous.ariaDisabled === "true" || move(-1, true), on);
  next.addEventListener("click", () => next.ariaDisabled === "true" || move(1, true), on);
  row.addEventListener("keydown", (event) => {
    if (event.target !== row || event.altKey || event.ctrlKey || event.metaKey) return;
    const way = backwards() ? -1 : 1;
    const step = { ArrowLeft: -way, ArrowRight: way, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(step, false);
  }, on);
  row.addEventListener("scroll", update, { passive: true, signal });
  const watcher = new ResizeObserver(update);
  watcher.observe(row);
  watcher.observe(list);
  signal.addEventListener("abort", () => watcher.disconnect());
  update();
}
