"use strict";
/* Draws the map: a dot for each product, and over them as many small photos as fit side by side. */
(() => {
  const data = window.LOOKALIKE_MAP;
  const { count, sprite } = data;
  const id = (name) => document.getElementById(name);
  const canvas = id("map");
  const pen = canvas.getContext("2d", { alpha: false });

  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const layouts = new Map();
  for (const [name, text] of Object.entries(data.layouts)) {
    const raw = new Uint16Array(bytes(text).buffer);
    const places = new Float32Array(raw.length);
    for (let i = 0; i < raw.length; i++) places[i] = raw[i] / 65535;
    layouts.set(name, places);
  }
  const photoColours = bytes(data.colours);
  const attributes = data.attributes.map((one) => ({ ...one, codes: bytes(one.codes) }));
  const titles = data.titles.map((title) => title.toLowerCase());

  const PALETTE = [
    "#4e79a7", "#e1812c", "#3a923a", "#c03d3e", "#8a63b0", "#845b53", "#d684bd", "#6f6f6f", "#a9aa35", "#2fa6b8",
    "#1f3b73", "#f2b56b", "#8fd08a", "#f2918f", "#c3a8dc", "#bb9a92", "#f5bfe0", "#b9b9b9", "#dcdc7a", "#97dbe6",
    "#0b6e4f", "#7a1f5c", "#c98700", "#30475e",
  ];
  const OTHER = "#c9c3ba";
  const PAPER = [255, 255, 255];
  const MOST_LOADING = 4; // atlases at once
  const LISTED = 40;

  let layout = layouts.keys().next().value;
  let places = layouts.get(layout).slice(); // what is drawn, also on the way to another layout
  let pixels = new Uint32Array(count); // colour of each dot, as the canvas stores it
  let found = null; // products that a search found, as a mask
  let chosen = -1;
  let view = { x: 0.5, y: 0.5, scale: 1 }; // middle of the map in view, and pixels for its width
  let ratio = 1, image = null, buffer = null, needed = false, moving = null;
  const frames = []; // milliseconds that drawing took
  const atlases = sprite.atlases.map(() => null);
  let loading = 0;

  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const packed = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

  function colourBy(name) {
    const attribute = attributes.find((one) => one.name === name);
    const tones = PALETTE.map((one) => packed(rgb(one)));
    const other = packed(rgb(OTHER));
    for (let i = 0; i < count; i++) {
      if (attribute) pixels[i] = attribute.codes[i] < tones.length ? tones[attribute.codes[i]] : other;
      else pixels[i] = packed([photoColours[3 * i], photoColours[3 * i + 1], photoColours[3 * i + 2]]);
    }
    const names = attribute ? [...attribute.values.map((value, at) => [value, PALETTE[at]])] : [];
    if (attribute && attribute.codes.includes(255)) names.push(["other or unknown", OTHER]);
    id("legend").replaceChildren(...names.map(([value, tone]) => {
      const item = document.createElement("li");
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      mark.setAttribute("viewBox", "0 0 10 10");
      mark.setAttribute("aria-hidden", "true");
      const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      for (const [key, number] of [["cx", 5], ["cy", 5], ["r", 5], ["fill", tone]]) dot.setAttribute(key, number);
      mark.append(dot);
      item.append(mark, value);
      return item;
    }));
    ask();
  }

  function resize() {
    ratio = Math.min(window.devicePixelRatio || 1, 2);
    const before = fitting();
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    image = pen.createImageData(canvas.width, canvas.height);
    buffer = new Uint32Array(image.data.buffer);
    if (view.scale <= 1 || view.scale === before) view.scale = fitting();
    ask();
  }

  const fitting = () => 0.94 * Math.min(canvas.width, canvas.height);
  const screenX = (x) => (x - view.x) * view.scale + canvas.width / 2;
  const screenY = (y) => (y - view.y) * view.scale + canvas.height / 2;

  function ask() {
    if (!needed) {
      needed = true;
      requestAnimationFrame(draw);
    }
  }

  function load(at) {
    if (atlases[at] || loading >= MOST_LOADING) return;
    const picture = new Image();
    atlases[at] = { picture, ready: false };
    loading++;
    picture.onload = () => {
      // Drawn once, so that the browser does not decode it in the middle of a movement.
      const done = (drawn) => { atlases[at] = { picture: drawn, ready: true }; loading--; ask(); };
      if (window.createImageBitmap) createImageBitmap(picture).then(done, () => done(picture));
      else done(picture);
    };
    picture.onerror = () => { loading--; };
    picture.src = sprite.atlases[at];
  }

  const tileOf = (index) => {
    const at = index % sprite.each;
    return [(at % sprite.across) * sprite.side, Math.floor(at / sprite.across) * sprite.side];
  };

  function draw(now) {
    const started = performance.now();
    needed = false;
    if (moving) step(now);
    buffer.fill(packed(PAPER));
    const { width, height } = canvas;
    const zoom = view.scale / fitting();
    const dot = Math.max(2, Math.min(6, Math.round(2 * ratio * Math.sqrt(zoom))));
    const half = dot >> 1;
    const side = Math.round(ratio * Math.max(22, Math.min(96, 22 * Math.pow(zoom, 0.55))));
    // Photos have places in a grid that stays with the map, so they do not flicker as it moves.
    const level = Math.pow(2, Math.ceil(Math.log2(side / view.scale)));
    const left = Math.floor((view.x - width / 2 / view.scale) / level) - 1;
    const top = Math.floor((view.y - height / 2 / view.scale) / level) - 1;
    const columns = Math.ceil(width / view.scale / level) + 4;
    const rows = Math.ceil(height / view.scale / level) + 4;
    const taken = new Uint8Array(columns * rows);
    const shown = [];
    const faint = packed([222, 217, 209]);
    const wanted = new Set();
    for (let i = 0; i < count; i++) {
      const x = (places[2 * i] - view.x) * view.scale + width / 2;
      const y = (places[2 * i + 1] - view.y) * view.scale + height / 2;
      if (x < -side || y < -side || x >= width + side || y >= height + side) continue;
      const match = !found || found[i];
      const across = Math.floor(places[2 * i] / level) - left;
      const down = Math.floor(places[2 * i + 1] / level) - top;
      const cell = down * columns + across;
      if (match && !taken[cell]) {
        const at = Math.floor(i / sprite.each);
        if (atlases[at] && atlases[at].ready) {
          taken[cell] = 1;
          shown.push(i, x, y);
          continue;
        }
        if (at === 0 || zoom > 1.6 || found) wanted.add(at);
      }
      const tone = match ? pixels[i] : faint;
      const from = Math.max(0, Math.round(x) - half), to = Math.min(width, Math.round(x) - half + dot);
      const end = Math.min(height, Math.round(y) - half + dot);
      for (let row = Math.max(0, Math.round(y) - half); row < end; row++) {
        for (let column = from; column < to; column++) buffer[row * width + column] = tone;
      }
    }
    pen.putImageData(image, 0, 0);
    const frame = attributes.some((one) => one.name === id("colouring").value) ? 2 * ratio : 0;
    for (let at = 0; at < shown.length; at += 3) {
      const index = shown[at];
      const x = Math.round(shown[at + 1] - side / 2), y = Math.round(shown[at + 2] - side / 2);
      if (frame) {
        const tone = pixels[index];
        pen.fillStyle = `rgb(${tone & 255},${(tone >> 8) & 255},${(tone >> 16) & 255})`;
        pen.fillRect(x - frame, y - frame, side + 2 * frame, side + 2 * frame);
      }
      const [sx, sy] = tileOf(index);
      const { picture } = atlases[Math.floor(index / sprite.each)];
      pen.drawImage(picture, sx, sy, sprite.side, sprite.side, x, y, side, side);
    }
    if (chosen >= 0) {
      pen.strokeStyle = "#c0392b";
      pen.lineWidth = 3 * ratio;
      pen.strokeRect(screenX(places[2 * chosen]) - side / 2, screenY(places[2 * chosen + 1]) - side / 2, side, side);
    }
    for (const at of wanted) load(at);
    frames.push(performance.now() - started);
    if (frames.length > 600) frames.shift();
    if (moving) ask();
    else later();
  }

  /* A layout changes, or the view flies, in steps of a third of a second. */
  function step(now) {
    moving.start ??= now;
    const part = Math.min(1, (now - moving.start) / moving.time);
    const eased = part * part * (3 - 2 * part);
    moving.at(eased);
    if (part >= 1) moving = null;
  }

  function move(at) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still) {
      at(1);
      moving = null;
    } else moving = { at, time: 350 };
    ask();
  }

  function flyTo(x, y, scale) {
    const from = { ...view };
    move((part) => {
      view.scale = from.scale * Math.pow(scale / from.scale, part);
      view.x = from.x + (x - from.x) * part;
      view.y = from.y + (y - from.y) * part;
    });
  }

  function zoomBy(factor, x = canvas.width / 2, y = canvas.height / 2) {
    const scale = Math.max(0.5 * fitting(), Math.min(400 * fitting(), view.scale * factor));
    const mapX = view.x + (x - canvas.width / 2) / view.scale;
    const mapY = view.y + (y - canvas.height / 2) / view.scale;
    view.x = mapX - (x - canvas.width / 2) / scale;
    view.y = mapY - (y - canvas.height / 2) / scale;
    view.scale = scale;
    bound();
    ask();
  }

  function bound() {
    view.x = Math.max(0, Math.min(1, view.x));
    view.y = Math.max(0, Math.min(1, view.y));
  }

  function panBy(x, y) {
    view.x -= x / view.scale;
    view.y -= y / view.scale;
    bound();
    ask();
  }

  function nearest(x, y, most, among = null) {
    const mapX = view.x + (x - canvas.width / 2) / view.scale;
    const mapY = view.y + (y - canvas.height / 2) / view.scale;
    const distances = [];
    for (let i = 0; i < count; i++) {
      if (among && !among[i]) continue;
      const dx = places[2 * i] - mapX, dy = places[2 * i + 1] - mapY;
      distances.push([dx * dx + dy * dy, i]);
    }
    distances.sort((a, b) => a[0] - b[0]);
    return distances.slice(0, most);
  }

  const linkOf = (index) =>
    data.base === null || data.base === undefined
      ? data.links[index]
      : `${data.base}/products/${data.ids[index].split("/").map(encodeURIComponent).join("/")}`;

  function choose(index, fly = false) {
    chosen = index;
    const box = id("chosen");
    box.replaceChildren();
    if (index < 0) return ask();
    const small = document.createElement("canvas");
    small.width = small.height = 2 * sprite.side;
    const at = Math.floor(index / sprite.each);
    const show = () => {
      if (!atlases[at] || !atlases[at].ready) { load(at); return setTimeout(show, 100); }
      const [sx, sy] = tileOf(index);
      small.getContext("2d").drawImage(atlases[at].picture, sx, sy, sprite.side, sprite.side, 0, 0, small.width, small.height);
    };
    show();
    small.setAttribute("aria-hidden", "true");
    const name = document.createElement("p");
    const link = linkOf(index);
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = data.titles[index];
      name.append(anchor);
    } else name.textContent = data.titles[index];
    const facts = document.createElement("p");
    const words = attributes.filter((one) => one.codes[index] < 255).map((one) => one.values[one.codes[index]]);
    facts.textContent = [data.ids[index], ...words].join(" · ");
    box.append(small, name, facts);
    if (fly) flyTo(places[2 * index], places[2 * index + 1], Math.max(view.scale, 8 * fitting()));
    ask();
  }

  let timer = 0;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(list, 200);
  }

  function list() {
    const near = found ? firstFound() : nearest(canvas.width / 2, canvas.height / 2, LISTED).map((one) => one[1]);
    const total = found ? found.reduce((sum, one) => sum + one, 0) : 0;
    id("list-title").textContent = found
      ? total ? `${total.toLocaleString("en")} found` : "Nothing found"
      : "In the middle of the map";
    const key = near.join();
    if (id("list").dataset.key === key) return;
    id("list").dataset.key = key;
    const focused = document.activeElement?.dataset?.index;
    id("list").replaceChildren(...near.map((index) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.index = index;
      button.textContent = data.titles[index] || data.ids[index];
      button.addEventListener("click", () => choose(index, true));
      item.append(button);
      return item;
    }));
    if (focused) id("list").querySelector(`[data-index="${focused}"]`)?.focus();
  }

  function firstFound() {
    const first = [];
    for (let i = 0; i < count && first.length < LISTED; i++) if (found[i]) first.push(i);
    return first;
  }

  function search() {
    const words = id("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    found = words.length
      ? Uint8Array.from(titles, (title) => (words.every((word) => title.includes(word)) ? 1 : 0))
      : null;
    ask();
  }

  /* Pointers: one moves the map, two zoom it. */
  const pointers = new Map();
  let dragged = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (pointers.size === 1) dragged = 0;
    moving = null;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const x = event.offsetX, y = event.offsetY;
    if (pointers.size === 1) panBy((x - before.x) * ratio, (y - before.y) * ratio);
    else {
      const other = [...pointers.entries()].find(([key]) => key !== event.pointerId)[1];
      const was = Math.hypot(before.x - other.x, before.y - other.y);
      const is = Math.hypot(x - other.x, y - other.y);
      if (was > 0) zoomBy(is / was, ((x + other.x) / 2) * ratio, ((y + other.y) / 2) * ratio);
    }
    dragged += Math.abs(x - before.x) + Math.abs(y - before.y);
    pointers.set(event.pointerId, { x, y });
  });
  const release = (event) => {
    if (!pointers.delete(event.pointerId) || event.type !== "pointerup" || dragged > 5) return;
    const x = event.offsetX * ratio, y = event.offsetY * ratio;
    const [best] = nearest(x, y, 1, found);
    if (best && Math.sqrt(best[0]) * view.scale < 48 * ratio) choose(best[1]);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    moving = null;
    zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX * ratio, event.offsetY * ratio);
  }, { passive: false });

  const KEYS = {
    ArrowLeft: () => panBy(60 * ratio, 0), ArrowRight: () => panBy(-60 * ratio, 0),
    ArrowUp: () => panBy(0, 60 * ratio), ArrowDown: () => panBy(0, -60 * ratio),
    "+": () => zoomBy(1.4), "=": () => zoomBy(1.4), "-": () => zoomBy(1 / 1.4),
    0: () => flyTo(0.5, 0.5, fitting()),
    Enter: () => { const [best] = nearest(canvas.width / 2, canvas.height / 2, 1, found); if (best) choose(best[1]); },
  };
  canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  id("nearer").addEventListener("click", () => zoomBy(1.6));
  id("farther").addEventListener("click", () => zoomBy(1 / 1.6));
  id("whole").addEventListener("click", () => flyTo(0.5, 0.5, fitting()));
  id("search").addEventListener("submit", (event) => event.preventDefault());
  id("words").addEventListener("input", search);

  const option = (value, text) => new Option(text, value);
  id("layout").append(...[...layouts.keys()].map((name) => option(name, name === "default" ? "all looks" : name)));
  id("layout").addEventListener("change", (event) => {
    const from = places.slice(), to = layouts.get(event.target.value);
    move((part) => { for (let i = 0; i < places.length; i++) places[i] = from[i] + (to[i] - from[i]) * part; });
  });
  id("colouring").append(option("", "the photos"), ...attributes.map((one) => option(one.name, one.name)));
  id("colouring").addEventListener("change", (event) => colourBy(event.target.value));

  // For tests and measurements.
  window.lookalikeMap = { frames, state: () => ({ ...view, chosen, found: found && found.reduce((a, b) => a + b, 0), loaded: atlases.filter((one) => one && one.ready).length, moving: moving !== null }) };
  new ResizeObserver(resize).observe(canvas);
  colourBy("");
  resize();
  view.scale = fitting();
  load(0);
})();
