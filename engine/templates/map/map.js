"use strict";
/* The page of the map: its controls, its list, and the product that was chosen. */
(() => {
  const { config, part, chunk, chunkOf, text, word, levels } = LookalikeMap;
  const { count } = config;
  const id = (name) => document.getElementById(`map-${name}`);
  const canvas = document.getElementById("map");
  const LISTED = 40;
  const PALETTE = [
    "#4e79a7", "#e1812c", "#3a923a", "#c03d3e", "#8a63b0", "#8c6d5f", "#d684bd", "#7f7f7f", "#a9aa35", "#2fa6b8",
    "#3455a4", "#f2b56b", "#8fd08a", "#f2918f", "#c3a8dc", "#bb9a92", "#f5bfe0", "#b9b9b9", "#dcdc7a", "#97dbe6",
    "#0b8e6f", "#a03c7f", "#c98700", "#5d7c93",
  ];
  const OTHER = 255;

  const layouts = new Map(); // number -> layout
  const codes = new Map(); // number of an attribute -> the value of each product
  const values = new Set(); // of the attribute that colours, those that are shown alone
  let colours = null, gone = null, found = null, colouring = -1, words = "";
  let byKeys = false, firstDrawn = false;
  const drawing = new LookalikeMap.Drawing(id("dots"), canvas, { still: rest, drawn });

  /* Layouts and colours. */

  async function layoutOf(number) {
    if (!layouts.has(number)) {
      const raw = new Uint16Array(await part(`places-${number}.bin`));
      const xs = raw.subarray(0, count), ys = raw.subarray(count);
      const places = new Float32Array(2 * count);
      for (let row = 0; row < count; row++) {
        places[2 * row] = xs[row] / 65535;
        places[2 * row + 1] = ys[row] / 65535;
      }
      const { order, ends } = levels.inOrder(xs, ys);
      const slots = new Uint32Array(count);
      order.forEach((row, at) => { slots[row] = at; });
      layouts.set(number, { number, places, order, slots, grids: ends });
    }
    return layouts.get(number);
  }

  async function codesOf(number) {
    if (!codes.has(number)) codes.set(number, new Uint8Array(await part(`codes-${number}.bin`)));
    return codes.get(number);
  }

  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const isDark = matchMedia("(prefers-color-scheme: dark)");

  /* A colour that can be told from the page's ground. */
  function visibleTone([red, green, blue]) {
    const light = 0.3 * red + 0.59 * green + 0.11 * blue;
    if (isDark.matches && light < 88) {
      const up = 88 - light;
      return [red + up, green + up, blue + up];
    }
    if (!isDark.matches && light > 205) {
      const down = 205 / light;
      return [red * down, green * down, blue * down];
    }
    return [red, green, blue];
  }
  const packed = ([red, green, blue]) =>
    ((255 << 24) | (Math.min(255, blue) << 16) | (Math.min(255, green) << 8) | Math.min(255, red)) >>> 0;

  const tonesOf = (attribute) =>
    attribute.values.map((_, at) => attribute.tones[at] ?? PALETTE[at % PALETTE.length]);

  function themed() {
    const style = getComputedStyle(id("stage"));
    const parsed = (text, other) => text.match(/\d+(\.\d+)?/g)?.slice(0, 3).map(Number) ?? other;
    drawing.theme = {
      paper: parsed(style.backgroundColor, [255, 255, 255]),
      faint: isDark.matches ? [58, 54, 50] : [226, 221, 213],
      ink: style.color,
      mark: style.getPropertyValue("--heart").trim() || "#b23f33",
    };
    colour();
  }

  function colour() {
    const attribute = config.attributes[colouring];
    const own = attribute && codes.get(colouring);
    drawing.framed = Boolean(own);
    if (own) {
      const tones = new Uint32Array(256).fill(packed(visibleTone([150, 144, 136])));
      tonesOf(attribute).forEach((tone, at) => { tones[at] = packed(visibleTone(rgb(tone))); });
      for (let row = 0; row < count; row++) drawing.tones[row] = tones[own[row]];
    } else if (colours) {
      for (let row = 0; row < count; row++) {
        const tone = colours[row];
        drawing.tones[row] = packed(visibleTone([(tone >> 8) & 248, (tone >> 3) & 252, (tone << 3) & 248]));
      }
    }
    drawing.ask();
  }

  const SVG = "http://www.w3.org/2000/svg";
  function mark(tone) {
    const svg = document.createElementNS(SVG, "svg"), dot = document.createElementNS(SVG, "circle");
    svg.setAttribute("viewBox", "0 0 12 12");
    svg.setAttribute("aria-hidden", "true");
    for (const [key, value] of Object.entries({ cx: 6, cy: 6, r: 5.5, fill: tone })) dot.setAttribute(key, value);
    svg.append(dot);
    return svg;
  }

  function legend() {
    const attribute = config.attributes[colouring];
    id("legend").hidden = !attribute;
    if (!attribute) return id("legend").replaceChildren();
    const tones = tonesOf(attribute);
    const entries = attribute.values.map((value, code) => [value, code, tones[code]]);
    if (codes.get(colouring).includes(OTHER)) entries.push([word("other"), OTHER, "#96908a"]);
    id("legend").replaceChildren(...entries.map(([value, code, tone]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.append(mark(tone), value);
      button.addEventListener("click", () => {
        if (!values.delete(code)) values.add(code);
        button.setAttribute("aria-pressed", String(values.has(code)));
        narrow();
      });
      return button;
    }));
  }

  async function colourBy(number) {
    colouring = number;
    if (number >= 0) await codesOf(number);
    if (colouring !== number) return;
    values.clear();
    colour();
    legend();
    narrow();
  }

  /* Search, and values that are shown alone: everything else is faint. */

  async function search() {
    words = id("words").value;
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (!wanted.length) {
      found = null;
      note("");
      return narrow();
    }
    const asked = words;
    const chunks = chunkOf(count - 1) + 1;
    if (text(count - 1, "titles") === undefined || !search.ready) {
      note(word("loading"));
      try {
        for (let at = 0; at < chunks; at += 8) {
          await Promise.all(Array.from({ length: Math.min(8, chunks - at) }, (_, more) => chunk(at + more)));
        }
        await Promise.all(config.attributes.map((_, at) => codesOf(at)));
        search.ready = true;
      } catch {
        return; // it was said
      }
      note("");
      if (words !== asked) return; // a later search goes on
    }
    const matching = config.attributes.map((one) => one.values.map((value) => value.toLowerCase()));
    found = new Uint8Array(count).fill(1);
    for (const one of wanted) {
      const tables = matching.map((list) => Uint8Array.from({ length: 256 }, (_, code) => list[code]?.includes(one) ? 1 : 0));
      for (let row = 0; row < count; row++) {
        if (!found[row]) continue;
        found[row] = inTitle(row, one) || tables.some((table, at) => table[codes.get(at)[row]]) ? 1 : 0;
      }
    }
    narrow();
  }
  const lower = new Map(); // number of a chunk -> titles in small letters
  function inTitle(row, one) {
    const at = chunkOf(row);
    if (!lower.has(at)) lower.set(at, LookalikeMap.titles(at).map((title) => title.toLowerCase()));
    return lower.get(at)[row % config.chunk].includes(one);
  }
  LookalikeMap.titles = (at) => Array.from(
    { length: Math.min(config.chunk, count - at * config.chunk) },
    (_, more) => text(at * config.chunk + more, "titles"),
  );

  function narrow() {
    const own = codes.get(colouring);
    if (!found && !values.size) drawing.faint = null;
    else {
      drawing.faint = new Uint8Array(count);
      for (let row = 0; row < count; row++) {
        const out = (found && !found[row]) || (values.size && !values.has(own[row]));
        drawing.faint[row] = out ? 1 : 0;
      }
    }
    drawing.choose();
    list();
  }

  const isShown = (row) => !gone?.[row] && !drawing.faint?.[row];

  /* Shows all that a search found. */
  function showFound() {
    let [left, top, right, bottom] = [1, 1, 0, 0];
    for (let row = 0; row < count; row++) {
      if (!isShown(row)) continue;
      const x = drawing.places[2 * row], y = drawing.places[2 * row + 1];
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
    if (left > right) return;
    const wide = Math.max(right - left, ((bottom - top) * drawing.width) / drawing.height, 0.02);
    drawing.flyTo((left + right) / 2, (top + bottom) / 2, (0.8 * drawing.width) / wide);
  }

  /* The list beside the map. It stays as it is while somebody is in it. */

  function listed() {
    if (found || values.size) {
      const rows = [];
      for (let row = 0; row < count && rows.length < LISTED; row++) if (isShown(row)) rows.push(row);
      return rows;
    }
    const { view, places } = drawing;
    const off = (row) => Math.hypot(places[2 * row] - view.x, places[2 * row + 1] - view.y);
    const nearest = (rows) => rows.filter((row) => drawing.isInView(row)).sort((a, b) => off(a) - off(b));
    const rows = nearest(drawing.visible().map((one) => one.row)).slice(0, LISTED);
    if (rows.length === LISTED) return rows;
    const known = new Set(rows); // after those with photos, the others
    const others = Array.from({ length: count }, (_, row) => row).filter((row) => isShown(row) && !known.has(row));
    return rows.concat(nearest(others).slice(0, LISTED - rows.length));
  }

  async function list(always = true) {
    if (!drawing.choice || (!always && id("list").contains(document.activeElement))) return;
    const rows = listed();
    let total = 0;
    if (found || values.size) for (let row = 0; row < count; row++) total += isShown(row) ? 1 : 0;
    const title = found || values.size ? word(total === 1 ? "one" : total ? "found" : "nothing", { count: total }) : word("middle");
    if (id("list-title").textContent !== title) id("list-title").textContent = title;
    if (found && always) say(title);
    const key = rows.join();
    list.wanted = key;
    if (id("list").dataset.rows === key) return;
    try {
      await Promise.all([...new Set(rows.map(chunkOf))].map(chunk));
    } catch {
      return; // it was said
    }
    if (list.wanted !== key) return;
    id("list").dataset.rows = key;
    id("list").replaceChildren(...rows.map((row, at) => {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.dataset.row = row;
      button.tabIndex = at ? -1 : 0;
      button.textContent = titleOf(row);
      if (row === drawing.chosen) button.setAttribute("aria-current", "true");
      item.append(button);
      return item;
    }));
  }
  const titleOf = (row) => text(row, "titles") || text(row, "ids") || "";

  id("list").addEventListener("click", (event) => {
    const row = event.target.closest("button")?.dataset.row;
    if (row !== undefined) choose(Number(row), { fly: true, focus: event.detail === 0 });
  });
  id("list").addEventListener("focusin", (event) => {
    const row = Number(event.target.dataset.row);
    for (const one of id("list").querySelectorAll("button")) one.tabIndex = one === event.target ? 0 : -1;
    if (!event.target.matches(":focus-visible")) return;
    drawing.pointed = row;
    drawing.flyTo(drawing.places[2 * row], drawing.places[2 * row + 1], Math.max(drawing.view.scale, 2.5 * drawing.fitting()));
  });
  id("list").addEventListener("focusout", () => { drawing.pointed = -1; drawing.ask(); });
  id("list").addEventListener("keydown", (event) => {
    const buttons = [...id("list").querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined || !buttons[to]) return;
    event.preventDefault();
    buttons[to].focus();
  });

  /* The product that was chosen. */

  let origin = null; // what had the focus before its card
  async function choose(row, { fly = false, focus = false } = {}) {
    drawing.chosen = row;
    drawing.pointed = -1;
    drawing.ask();
    if (row < 0) {
      id("card").hidden = true;
      address(null);
      return;
    }
    if (fly) drawing.flyTo(drawing.places[2 * row], drawing.places[2 * row + 1], Math.max(drawing.view.scale, 7 * drawing.fitting()));
    for (const one of id("list").querySelectorAll("button")) {
      one.toggleAttribute("aria-current", Number(one.dataset.row) === row);
    }
    try {
      await chunk(chunkOf(row));
    } catch {
      return; // it was said
    }
    const body = await card(row);
    if (drawing.chosen !== row) return;
    if (focus && !id("card").contains(document.activeElement)) origin = document.activeElement;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "map-close";
    close.setAttribute("aria-label", word("close"));
    const svg = document.createElementNS(SVG, "svg"), cross = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 14 14");
    svg.setAttribute("aria-hidden", "true");
    cross.setAttribute("d", "M2.5 2.5l9 9M11.5 2.5l-9 9");
    svg.append(cross);
    close.append(svg);
    close.addEventListener("click", closeCard);
    id("card").replaceChildren(...body, close);
    id("card").hidden = false;
    id("card").dataset.row = row;
    address(text(row, "ids"));
    if (focus) id("card").querySelector("a, button").focus();
    else say(word("chosen", { title: titleOf(row) }));
  }

  /* The storefront draws its own card; a page of its own shows what it knows. */
  async function card(row) {
    if (config.card) {
      try {
        const response = await fetch(config.card + encodeURIComponent(text(row, "ids")));
        if (response.ok) {
          const frame = document.createElement("template");
          frame.innerHTML = await response.text(); // markup of this shop, for this visitor
          return frame.content.children;
        }
        if (response.status === 404) return own(row, word("gone"));
      } catch {
        // The shop cannot be reached: what is known is shown.
      }
    }
    return own(row, "");
  }

  function own(row, remark) {
    const box = document.createElement("div");
    box.className = "map-own";
    const small = document.createElement("canvas");
    small.width = small.height = 2 * config.sprite.side;
    small.setAttribute("aria-hidden", "true");
    drawSmall(small, row);
    const name = document.createElement("p");
    const link = config.base ? `${config.base}/products/${text(row, "ids").split("/").map(encodeURIComponent).join("/")}` : text(row, "links");
    if (link && !remark) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = titleOf(row);
      name.append(anchor);
    } else name.textContent = titleOf(row);
    const facts = document.createElement("p");
    const known = config.attributes.map((one, at) => one.values[codes.get(at)?.[row]]).filter(Boolean);
    facts.textContent = remark || [text(row, "ids"), ...known].join(" · ");
    box.append(small, name, facts);
    return [box];
  }

  async function drawSmall(small, row) {
    const { side, across, each } = config.sprite;
    const slot = drawing.layout.slots[row];
    const name = `sprites-${drawing.layout.number}-${Math.floor(slot / each)}.webp`;
    try {
      const picture = drawing.pictures.get(name) ?? await LookalikeMap.picture(name);
      const at = slot % each;
      small.getContext("2d").drawImage(picture, (at % across) * side, Math.floor(at / across) * side, side, side, 0, 0, small.width, small.height);
    } catch {
      // It was said.
    }
  }

  function closeCard() {
    choose(-1);
    (origin?.isConnected ? origin : canvas).focus();
    origin = null;
  }
  id("card").addEventListener("keydown", (event) => { if (event.key === "Escape") closeCard(); });

  /* The address names the chosen product, so that "back" from its page leads to it. */
  function address(product) {
    if (!config.card) return;
    const url = new URL(location.href);
    if (product === null) url.searchParams.delete("product");
    else url.searchParams.set("product", product);
    history.replaceState(null, "", url);
  }

  /* What is said to everybody, and to those who hear the page. */
  function note(words) { id("note").textContent = words; }
  let said = 0;
  function say(words) {
    clearTimeout(said);
    said = setTimeout(() => { id("said").textContent = words; }, 250);
  }
  LookalikeMap.onFailure((words) => {
    note(words);
    setTimeout(() => { if (id("note").textContent === words) note(""); }, 6000);
  });

  function rest() {
    list(false).then(() => {
      if (!byKeys || document.activeElement !== canvas) return;
      byKeys = false;
      const first = id("list").querySelector("button");
      if (first && !found) say(word("view", { count: drawing.inView(), title: first.textContent }));
    });
    larger();
  }

  function drawn(whole) {
    if (!firstDrawn) performance.mark("map-dots");
    firstDrawn = true;
    if (whole && !drawn.whole) performance.mark("map-photos");
    drawn.whole ||= whole;
  }

  /* Zoomed in far, the shop's own photos take the place of small ones, some at a time. */
  const MOST_LARGE = 240, AT_ONCE = 6;
  const busy = new Set();
  async function larger() {
    const side = drawing.size() * drawing.photos.ratio;
    if (!config.photos || side < 1.15 * config.sprite.side || drawing.moving) return;
    const rows = drawing.visible().map((one) => one.row).filter((row) => !drawing.own.has(row) && !busy.has(row));
    for (const row of rows.slice(0, Math.max(0, AT_ONCE - busy.size))) {
      busy.add(row);
      photo(row).catch(() => null).then((picture) => {
        drawing.own.set(row, picture); // null: there is none, and the small one stays
        if (drawing.own.size > MOST_LARGE) drawing.own.delete(drawing.own.keys().next().value);
        busy.delete(row);
        drawing.ask();
      });
    }
  }

  async function photo(row) {
    const bytes = new Uint8Array(await part(`hashes-${chunkOf(row)}.bin`), 32 * (row % config.chunk), 32);
    if (bytes.every((one) => one === 0)) return null;
    const hash = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
    const response = await fetch(config.photos.replace("HASH", hash));
    if (!response.ok) return null;
    const image = await createImageBitmap(await response.blob());
    const tile = document.createElement("canvas");
    tile.width = tile.height = 160;
    const pen = tile.getContext("2d");
    const ratio = Math.min(160 / image.width, 160 / image.height);
    const [wide, high] = [image.width * ratio, image.height * ratio];
    pen.beginPath();
    pen.roundRect(0, 0, 160, 160, 17);
    pen.clip();
    pen.drawImage(image, (160 - wide) / 2, (160 - high) / 2, wide, high);
    const edge = pen.getImageData((160 - wide) / 2 + 1, (160 - high) / 2 + 1, 1, 1).data;
    pen.fillStyle = `rgb(${edge[0]} ${edge[1]} ${edge[2]})`;
    pen.globalCompositeOperation = "destination-over"; // the photo's ground goes on beside it
    pen.fillRect(0, 0, 160, 160);
    pen.globalCompositeOperation = "multiply"; // a photo shot on white melts into its tile
    pen.fillStyle = "#f2efea";
    pen.fillRect(0, 0, 160, 160);
    image.close();
    return tile;
  }

  /* Pointers: one moves the map, two zoom it. */
  const pointers = new Map();
  let dragged = 0, speed = [0, 0], since = 0;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (pointers.size === 1) dragged = 0;
    speed = [0, 0];
    drawing.moving = null;
    id("tip").hidden = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    const x = event.offsetX, y = event.offsetY;
    if (!before) return event.pointerType === "mouse" && point(x, y);
    if (pointers.size === 1) {
      drawing.panBy(x - before.x, y - before.y);
      const now = performance.now(), passed = Math.max(1, now - since);
      speed = [(x - before.x) / passed, (y - before.y) / passed];
      since = now;
    } else {
      const other = [...pointers.entries()].find(([key]) => key !== event.pointerId)[1];
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(x - other.x, y - other.y);
      if (was > 0 && is > 0) drawing.zoomBy(is / was, (x + other.x) / 2, (y + other.y) / 2);
      drawing.panBy((x - before.x) / 2, (y - before.y) / 2);
    }
    dragged += Math.abs(x - before.x) + Math.abs(y - before.y);
    canvas.classList.toggle("map-dragged", dragged > 5);
    pointers.set(event.pointerId, { x, y });
  });
  const release = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    canvas.classList.remove("map-dragged");
    if (event.type !== "pointerup" || pointers.size) return;
    if (dragged > 5) return glide();
    const row = drawing.nearest(event.offsetX, event.offsetY, event.pointerType === "mouse" ? 16 : 30);
    if (row >= 0) choose(row);
    else if (drawing.chosen >= 0) choose(-1);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);

  /* A map that was thrown glides on. */
  function glide() {
    const [x, y] = speed;
    if (performance.now() - since > 50 || Math.hypot(x, y) < 0.15) return;
    let before = 0;
    drawing.move((part) => {
      drawing.panBy(x * 260 * (part - before), y * 260 * (part - before));
      before = part;
    }, 420);
  }

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    drawing.moving = null;
    const lines = event.deltaMode ? 30 : 1;
    const factor = Math.exp(-Math.max(-160, Math.min(160, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0018));
    drawing.zoomBy(factor, event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => {
    const [x, y] = drawing.toMap(event.offsetX, event.offsetY);
    drawing.flyTo(x, y, 2.5 * drawing.view.scale);
  });

  let pointing = 0;
  function point(x, y) {
    const row = drawing.moving ? -1 : drawing.nearest(x, y, 10);
    canvas.classList.toggle("map-over", row >= 0);
    if (row === drawing.pointed) return;
    drawing.pointed = row;
    drawing.ask();
    id("tip").hidden = true;
    clearTimeout(pointing);
    if (row >= 0) pointing = setTimeout(() => tip(row), 140);
  }
  async function tip(row) {
    try {
      await chunk(chunkOf(row));
    } catch {
      return; // it was said
    }
    if (drawing.pointed !== row || pointers.size) return;
    const box = id("tip");
    const [x, y] = drawing.toScreen(row);
    box.textContent = titleOf(row);
    box.hidden = false;
    const left = Math.max(8, Math.min(drawing.width - box.offsetWidth - 8, x - box.offsetWidth / 2));
    const above = y - 0.75 * drawing.size() - box.offsetHeight - 10;
    const top = above > 64 ? above : y + 0.75 * drawing.size() + 12;
    box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
  canvas.addEventListener("pointerleave", () => point(-1e6, -1e6));

  /* Keys and buttons. */
  const whole = () => {
    const { x, y, scale } = drawing.whole();
    drawing.flyTo(x, y, scale);
  };
  const KEYS = {
    ArrowLeft: () => drawing.panBy(80, 0), ArrowRight: () => drawing.panBy(-80, 0),
    ArrowUp: () => drawing.panBy(0, 80), ArrowDown: () => drawing.panBy(0, -80),
    "+": () => drawing.zoomBy(1.4), "=": () => drawing.zoomBy(1.4), "-": () => drawing.zoomBy(1 / 1.4),
    0: whole,
    Enter: () => {
      const row = drawing.nearest(drawing.width / 2, drawing.height / 2, Math.max(drawing.width, drawing.height));
      if (row >= 0) choose(row, { focus: true });
    },
    Escape: () => choose(-1),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byKeys = event.key !== "Enter";
    drawing.moving = null;
    KEYS[event.key]();
  });
  const middle = () => [drawing.view.x, drawing.view.y];
  id("in").addEventListener("click", () => drawing.flyTo(...middle(), drawing.view.scale * 1.8));
  id("out").addEventListener("click", () => drawing.flyTo(...middle(), drawing.view.scale / 1.8));
  id("whole").addEventListener("click", whole);

  let typing = 0;
  id("tools").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    search().then(showFound);
  });
  id("words").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, 160);
  });

  const named = (kind, name) => config.words[`${kind} ${name}`] ?? name;
  id("layout").append(...config.layouts.map((name, at) => new Option(named("by", name), at)));
  id("layout").addEventListener("change", async (event) => {
    const number = Number(event.target.value);
    try {
      const layout = await layoutOf(number);
      if (Number(id("layout").value) === number) drawing.goTo(layout);
    } catch {
      event.target.value = drawing.layout.number; // it was said
    }
  });
  id("colouring").append(
    new Option(named("as", "photos"), -1),
    ...config.attributes.map((one, at) => new Option(named("as", one.name), at)),
  );
  id("colouring").addEventListener("change", (event) => {
    colourBy(Number(event.target.value)).catch(() => { event.target.value = -1; }); // it was said
  });
  isDark.addEventListener("change", themed);

  const unpacked = (bits) => {
    const bytes = atob(bits);
    return Uint8Array.from({ length: count }, (_, row) => (bytes.charCodeAt(row >> 3) >> (row & 7)) & 1);
  };

  async function start() {
    const [first, raw] = await Promise.all([layoutOf(0), part("colours.bin")]);
    colours = new Uint16Array(raw);
    if (config.gone) {
      gone = unpacked(config.gone);
      drawing.allowed = gone.map((one) => 1 - one);
    }
    new ResizeObserver(cover).observe(id("tools"));
    cover();
    drawing.show(first);
    themed();
    if (config.product >= 0) choose(config.product, { fly: true });
    list();
  }

  /* The whole map is shown below the controls. */
  function cover() {
    drawing.covered = id("tools").offsetTop + id("tools").offsetHeight;
    drawing.resize();
  }

  LookalikeMap.state = () => ({
    ...drawing.view, zoom: drawing.zoom, chosen: drawing.chosen, pointed: drawing.pointed, moving: drawing.moving !== null && drawing.moving !== undefined,
    layout: drawing.layout?.number, found: found && found.reduce((sum, one) => sum + one, 0),
    faint: drawing.faint && drawing.faint.reduce((sum, one) => sum + one, 0), loading: drawing.loading.size,
    pictures: drawing.pictures.size, larger: [...drawing.own.values()].filter(Boolean).length,
    drawn: firstDrawn, whole: Boolean(drawn.whole), dots: drawing.limit, photos: drawing.choice ? drawing.visible().length : 0,
  });
  LookalikeMap.frames = drawing.frames;
  LookalikeMap.screen = (row) => drawing.toScreen(row);
  start().catch(() => {}); // it was said
})();
