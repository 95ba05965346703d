// The part of a photo: drawn, moved and resized by mouse, touch and keyboard. The form's number
// fields hold it, in per cent of the photo, and work without this script.
const LEAST = 5; // per cent of the photo's width and height
const STEP = 1;
const LARGE_STEP = 10;
const NAMES = ["crop_left", "crop_top", "crop_width", "crop_height"];
const WHOLE = [0, 0, 100, 100];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const rounded = (value) => Math.round(value * 10) / 10;

// Calls `changed` whenever the visitor has finished a change, and `changing` during one.
export function crop(form, changed, changing = () => {}) {
  const place = form.querySelector("[data-crop]");
  const stage = place.querySelector("[data-crop-stage]");
  const frame = place.querySelector("[data-crop-frame]");
  const shade = place.querySelector("[data-crop-shade]");
  const status = place.querySelector("[data-crop-status]");
  const fields = NAMES.map((name) => form.elements[name]);
  let box = read();
  let drag;

  function read() {
    const [left, top, width, height] = fields.map((field) => Number(field.value));
    return fitted(left, top, left + width, top + height);
  }

  // A box whose right and lower edges are where they should be, as far as the photo goes.
  function fitted(left, top, right, bottom) {
    const x = clamp(Math.min(left, right), 0, 100 - LEAST);
    const y = clamp(Math.min(top, bottom), 0, 100 - LEAST);
    const width = clamp(Math.max(left, right) - x, LEAST, 100 - x);
    const height = clamp(Math.max(top, bottom) - y, LEAST, 100 - y);
    return [x, y, width, height].map(rounded);
  }

  function isWhole() {
    return box.every((value, at) => value === WHOLE[at]);
  }

  function show() {
    const [left, top, width, height] = box;
    fields.forEach((field, at) => { field.value = box[at]; });
    frame.style.left = `${left}%`;
    frame.style.top = `${top}%`;
    frame.style.width = `${width}%`;
    frame.style.height = `${height}%`;
    shade.setAttribute("d", `M0 0H100V100H0Z M${left} ${top}h${width}v${height}h-${width}Z`);
    const whole = place.querySelector("[data-crop-whole]");
    whole.setAttribute("aria-pressed", String(isWhole()));
    const proposed = place.querySelector("[data-crop-proposed]");
    proposed?.setAttribute("aria-pressed", String(box.join(" ") === proposal().join(" ")));
  }

  function say() {
    const [left, top, width, height] = box.map(Math.round);
    status.textContent = isWhole() ? "The whole photo"
      : `Region: ${left}% from the left, ${top}% from the top, ${width}% wide, ${height}% high`;
  }

  function set(next) {
    box = next;
    show();
    say();
    changed();
  }

  function proposal() {
    return place.dataset.proposed.split(" ").map(Number);
  }

  // Where the region is after a part of it, a corner or all of it, went by dx and dy.
  function moved(part, from, dx, dy) {
    const [left, top, width, height] = from;
    if (part === "move") {
      const x = clamp(left + dx, 0, 100 - width);
      const y = clamp(top + dy, 0, 100 - height);
      return [x, y, width, height].map(rounded);
    }
    const [right, bottom] = [left + width, top + height];
    const west = part.includes("w");
    const north = part.includes("n");
    return fitted(
      west ? clamp(left + dx, 0, right - LEAST) : left,
      north ? clamp(top + dy, 0, bottom - LEAST) : top,
      west ? right : clamp(right + dx, left + LEAST, 100),
      north ? bottom : clamp(bottom + dy, top + LEAST, 100),
    );
  }

  function point(event) {
    const area = stage.getBoundingClientRect();
    return [
      clamp(100 * (event.clientX - area.left) / area.width, 0, 100),
      clamp(100 * (event.clientY - area.top) / area.height, 0, 100),
    ];
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    let part = event.target.closest("[data-corner]")?.dataset.corner;
    // There is no place to move the whole photo to: a new region is drawn on it.
    if (part === undefined || (part === "move" && isWhole())) part = "draw";
    drag = { part, from: box, start: point(event), id: event.pointerId };
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("crop-dragging");
    if (part !== "draw") event.target.focus({ preventScroll: true });
    event.preventDefault(); // no selection of text, no dragging of the image
    changing();
  });
  stage.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.id) return;
    const [x, y] = point(event);
    const [fromX, fromY] = drag.start;
    if (drag.part === "draw") {
      if (Math.hypot(x - fromX, y - fromY) < 2) return; // a tap draws nothing
      box = fitted(fromX, fromY, x, y);
    } else box = moved(drag.part, drag.from, x - fromX, y - fromY);
    show();
  });
  function finish(event, kept) {
    if (event.pointerId !== drag?.id) return;
    const { from } = drag;
    drag = undefined;
    stage.classList.remove("crop-dragging");
    if (!kept) box = from;
    show();
    if (String(box) === String(from)) return;
    say();
    changed();
  }
  stage.addEventListener("pointerup", (event) => finish(event, true));
  stage.addEventListener("pointercancel", (event) => finish(event, false));

  stage.addEventListener("keydown", (event) => {
    const part = event.target.dataset.corner;
    const arrow = ARROWS[event.key];
    if (!part || !arrow || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault(); // the page does not scroll
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const next = moved(part, box, step * arrow[0], step * arrow[1]);
    if (String(next) === String(box)) say(); // at the edge
    else set(next);
  });
  for (const field of fields) field.addEventListener("change", () => set(read()));
  place.querySelector("[data-crop-whole]").addEventListener("click", () => set(WHOLE));
  place.querySelector("[data-crop-proposed]")?.addEventListener("click", () => set(proposal()));

  for (const part of place.querySelectorAll("[data-crop-frame], [data-crop-help], [data-crop-choices]")) {
    part.hidden = false;
  }
  place.querySelector("[data-crop-numbers]").open = false;
  show();
}
