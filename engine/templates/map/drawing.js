"use strict";
/* Draws the map on two canvases: a dot for each product, and over them photos that do not overlap. */
LookalikeMap.Drawing = class {
  static #FAR = 0.5; // of the scale that shows the whole map
  static #NEAR = 600;
  static #MOST_PIXELS = 1_300_000; // of the dots' canvas
  static #MOST_PICTURES = 64; // of sprites in memory, 2 MB each
  static #AT_ONCE = 4; // pictures that are loaded at the same time
  static #SPARE = 1; // levels over which a photo grows to its size
  static #PAUSE = 300; // milliseconds between two looks for pictures while the map moves
  static #FRAME = 9; // milliseconds that drawing dots may take while the map moves

  constructor(dots, photos, listeners) {
    this.dots = { canvas: dots, pen: dots.getContext("2d", { alpha: false }) };
    this.photos = { canvas: photos, pen: photos.getContext("2d") };
    this.listeners = listeners; // still(): the map came to rest; drawn(what)
    this.count = LookalikeMap.config.count;
    this.view = { x: 0.5, y: 0.5, scale: 0 }; // middle, and CSS pixels for the map's width
    this.places = new Float32Array(2 * this.count);
    this.tones = new Uint32Array(this.count);
    this.allowed = null; // products that are neither gone nor left out, as a mask
    this.faint = null; // products that are drawn faintly, as a mask
    this.framed = false; // whether photos have a frame in their dot's colour
    this.chosen = this.pointed = -1;
    this.frames = [];
    this.pictures = new Map(); // key -> bitmap, the last used one last
    this.loading = new Set();
    this.own = new Map(); // row -> a larger photo, see `larger`
    this.theme = { paper: [255, 255, 255], faint: [222, 217, 209], ink: "#000", mark: "#b23f33" };
    this.limit = this.count;
    this.covered = 0;
    this.asked = 0;
    new ResizeObserver(() => this.resize()).observe(photos);
  }

  /* A layout: its number, x and y of each row in turn, and the rows in the order of its sprites. */
  show(layout) {
    this.layout = layout;
    this.places.set(layout.places);
    this.choose();
  }

  /* Chooses products for photos anew, after `allowed` or `faint` changed. */
  choose() {
    const { allowed, faint } = this;
    const mask = allowed || faint
      ? Uint8Array.from({ length: this.count }, (_, row) => (!allowed || allowed[row]) && !faint?.[row])
      : null;
    this.choice = new LookalikeMap.levels.Choice(this.layout, mask, Boolean(faint));
    this.ask();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.photos.canvas;
    if (!width || !height) return;
    const whole = !this.view.scale || this.view.scale === this.fitted;
    this.width = width;
    this.height = height;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const most = Math.sqrt(LookalikeMap.Drawing.#MOST_PIXELS / (width * height));
    for (const [layer, own] of [[this.photos, ratio], [this.dots, Math.min(ratio, Math.max(0.75, most))]]) {
      layer.ratio = own;
      layer.canvas.width = Math.round(width * own);
      layer.canvas.height = Math.round(height * own);
    }
    this.image = this.dots.pen.createImageData(this.dots.canvas.width, this.dots.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    if (whole) this.view = this.whole();
    this.fitted = this.fitting();
    this.ask();
  }

  /* The scale that shows the whole map below the controls, which take `covered` pixels at the top. */
  fitting() { return 0.95 * Math.min(this.width, this.height - this.covered); }
  whole() {
    const scale = this.fitting();
    return { x: 0.5, y: 0.5 - this.covered / 2 / scale, scale };
  }
  get zoom() { return this.view.scale / this.fitting(); }

  /* Side of a photo in CSS pixels: larger ones as one zooms in. */
  size(scale = this.view.scale) {
    const small = Math.min(this.width, this.height) < 600 ? 36 : 44;
    return Math.min(small * Math.max(1, scale / this.fitting()) ** 0.22, 3 * small);
  }

  bound() {
    this.view.x = Math.max(0, Math.min(1, this.view.x));
    this.view.y = Math.max(Math.min(0, this.whole().y), Math.min(1, this.view.y));
  }

  panBy(x, y) {
    this.view.x -= x / this.view.scale;
    this.view.y -= y / this.view.scale;
    this.bound();
    this.ask();
  }

  bounded(scale) {
    const { Drawing } = LookalikeMap;
    return Math.max(Drawing.#FAR * this.fitting(), Math.min(Drawing.#NEAR * this.fitting(), scale));
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const scale = this.bounded(this.view.scale * factor);
    const [mapX, mapY] = this.toMap(x, y);
    const was = this.view.scale;
    this.view.x = mapX - (x - this.width / 2) / scale;
    this.view.y = mapY - (y - this.height / 2) / scale;
    this.view.scale = scale;
    this.bound();
    if (factor > 1) this.#pull(was);
    this.ask();
  }

  /* Nobody zooms into nothing: a view without a product in its middle part goes to the nearest one. */
  #pull(before) {
    const { view, places } = this;
    let best = -1, least = Infinity;
    for (let row = 0; row < this.count; row++) {
      if ((this.allowed && !this.allowed[row]) || this.faint?.[row]) continue;
      const off = (places[2 * row] - view.x) ** 2 + (places[2 * row + 1] - view.y) ** 2;
      if (off < least) [best, least] = [row, off];
    }
    if (best < 0 || Math.sqrt(least) * view.scale < 0.3 * Math.min(this.width, this.height)) return;
    view.x += 0.2 * (places[2 * best] - view.x);
    view.y += 0.2 * (places[2 * best + 1] - view.y);
    if (!this.isInView(best)) view.scale = before;
  }

  toMap(x, y) {
    return [this.view.x + (x - this.width / 2) / this.view.scale, this.view.y + (y - this.height / 2) / this.view.scale];
  }

  toScreen(row) {
    const { places, view } = this;
    return [(places[2 * row] - view.x) * view.scale + this.width / 2, (places[2 * row + 1] - view.y) * view.scale + this.height / 2];
  }

  /* Moves in steps of a movement; `at` is called with 0 to 1. */
  move(at, time = 380, after = () => {}) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.moving = null;
      at(1);
      after();
    } else this.moving = { at, time, after };
    this.ask();
  }

  flyTo(x, y, scale) {
    const from = { ...this.view };
    const to = this.bounded(scale);
    this.move((part) => {
      if (part >= 1) {
        this.view = { x, y, scale: to };
        return;
      }
      this.view.scale = from.scale * (to / from.scale) ** part;
      // The place under the eye moves evenly, whatever the scale is meanwhile.
      const share = Math.abs(to - from.scale) < 1 ? part : (1 / from.scale - 1 / this.view.scale) / (1 / from.scale - 1 / to);
      this.view.x = from.x + (x - from.x) * share;
      this.view.y = from.y + (y - from.y) * share;
    });
  }

  /* Goes over to another layout: photos shrink, dots move, and photos grow where they are then. */
  goTo(layout) {
    const from = this.places.slice();
    const to = layout.places;
    this.growth = 1;
    this.move((part) => {
      if (part >= 1) return;
      this.growth = Math.max(0, 1 - 4 * part, 4 * part - 3);
      const share = Math.max(0, Math.min(1, (part - 0.15) / 0.6));
      const eased = share * share * (3 - 2 * share);
      for (let at = 0; at < to.length; at++) this.places[at] = from[at] + (to[at] - from[at]) * eased;
      if (part >= 0.75 && this.layout !== layout) {
        this.layout = layout;
        this.choose();
      }
    }, 1100, () => {
      this.growth = 1;
      this.show(layout);
    });
  }

  ask() {
    if (this.needed || !this.layout || !this.width) return;
    this.needed = true;
    requestAnimationFrame((now) => this.#frame(now));
  }

  #frame(now) {
    const started = performance.now();
    this.needed = false;
    this.#step(now);
    const { x, y, scale } = this.view;
    const key = `${x} ${y} ${scale}`;
    const moved = key !== this.last || this.moving;
    this.last = key;
    this.#drawDots(moved);
    const wanted = this.#drawPhotos();
    if (moved && now - this.asked > LookalikeMap.Drawing.#PAUSE) { // photos come while it moves, too
      this.asked = now;
      for (const key of wanted) this.#load(key);
    }
    this.#drawMark();
    const took = performance.now() - started;
    this.frames.push(took);
    if (this.frames.length > 2_000) this.frames.shift();
    this.#adapt(took, moved);
    this.listeners.drawn(wanted.size === 0 && this.loading.size === 0);
    clearTimeout(this.timer);
    if (this.moving) this.ask();
    else this.timer = setTimeout(() => this.#rest(wanted), moved ? 120 : 30);
  }

  #step(now) {
    const { moving } = this;
    if (!moving) return;
    moving.start ??= now;
    const part = Math.min(1, (now - moving.start) / moving.time);
    moving.at(part * part * (3 - 2 * part));
    if (part >= 1 && this.moving === moving) {
      this.moving = null;
      moving.after();
    }
  }

  /* While the map moves, a slow machine draws as many dots as it can; all of them at rest. */
  #adapt(took, moved) {
    const most = LookalikeMap.Drawing.#FRAME;
    if (!moved) this.complete = true;
    else if (took > most) this.limit = Math.max(5_000, Math.round(this.limit * Math.max(0.6, most / took)));
    else this.limit = Math.min(this.count, Math.round(this.limit * 1.05) + 100);
    if (moved && this.limit < this.count) this.complete = false;
  }

  #rest(wanted) {
    if (!this.complete) this.ask(); // once more, with all dots
    for (const key of wanted) this.#load(key);
    this.listeners.still();
    this.#ahead();
  }

  /* Chooses photos for closer views while nothing else is to be done. */
  #ahead() {
    const { choice } = this;
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      if (!this.moving && choice === this.choice && choice.ahead()) this.#ahead();
    }, 20);
  }

  #drawDots(moved) {
    const { pixels, tones, places, faint, allowed, view, count } = this;
    const { ratio, canvas: { width, height } } = this.dots;
    pixels.fill(this.#packed(this.theme.paper));
    const spacing = Math.sqrt((this.fitting() ** 2) / count);
    const wide = Math.max(1.6, Math.min(4.5, 0.55 * spacing)) * Math.min(3, Math.sqrt(Math.max(1, this.zoom)));
    const dot = Math.max(1, Math.round(Math.min(10, wide) * ratio));
    const spans = LookalikeMap.Drawing.#spans(dot);
    const pale = this.#packed(this.theme.faint);
    const scale = view.scale * ratio;
    const left = width / 2 - view.x * scale - dot / 2, top = height / 2 - view.y * scale - dot / 2;
    const last = moved ? this.limit : count;
    for (let pass = faint ? 0 : 1; pass < 2; pass++) {
      for (let row = 0; row < last; row++) {
        if (allowed && !allowed[row]) continue;
        if (faint && (faint[row] === 1) !== (pass === 0)) continue;
        const x = Math.round(places[2 * row] * scale + left);
        const y = Math.round(places[2 * row + 1] * scale + top);
        if (x < 0 || y < 0 || x + dot > width || y + dot > height) continue;
        const tone = pass ? tones[row] : pale;
        for (let down = 0; down < dot; down++) {
          const from = (y + down) * width + x;
          for (let at = from + spans[down], end = from + dot - spans[down]; at < end; at++) pixels[at] = tone;
        }
      }
    }
    this.dots.pen.putImageData(this.image, 0, 0);
  }

  /* How far each line of a round dot is indented. */
  static #spans(dot) {
    const radius = dot / 2;
    return Array.from({ length: dot }, (_, down) => {
      const off = down + 0.5 - radius;
      return dot < 4 ? 0 : Math.max(0, Math.round(radius - Math.sqrt(radius * radius - off * off)));
    });
  }

  /* Rows that have photos at this scale and in this view, with the level at which each got one. */
  visible() {
    const { levels } = LookalikeMap;
    const level = Math.min(levels.FINEST, levels.levelAt(this.view.scale, this.size()));
    const [left, top] = this.toMap(-this.size(), -this.size());
    const [right, bottom] = this.toMap(this.width + this.size(), this.height + this.size());
    const found = [];
    const all = this.choice.upTo(Math.floor(level));
    const { rows, ends } = this.choice;
    for (let at = 0, own = 0; at < all; at++) {
      while (at >= ends[own]) own++;
      const x = this.places[2 * rows[at]], y = this.places[2 * rows[at] + 1];
      if (x >= left && x <= right && y >= top && y <= bottom) found.push({ row: rows[at], age: level - own });
    }
    return found;
  }

  #drawPhotos() {
    const { pen, ratio, canvas } = this.photos;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const wanted = new Set();
    const growth = this.growth ?? 1;
    if (growth <= 0) return wanted;
    const size = this.size() * ratio;
    for (const { row, age } of this.visible()) {
      const grown = Math.min(1, 0.25 + age / LookalikeMap.Drawing.#SPARE);
      this.#drawPhoto(row, size * grown * growth * 0.94, wanted);
    }
    return wanted;
  }

  #drawPhoto(row, side, wanted) {
    const { pen, ratio } = this.photos;
    if (side < 3) return;
    const [middleX, middleY] = this.toScreen(row);
    const x = Math.round(middleX * ratio - side / 2), y = Math.round(middleY * ratio - side / 2);
    if (this.framed) {
      const wide = Math.max(1.5, 0.055 * side);
      pen.fillStyle = this.#css(this.tones[row]);
      pen.beginPath();
      pen.roundRect(x - wide, y - wide, side + 2 * wide, side + 2 * wide, 0.14 * side);
      pen.fill();
    }
    const { sprite } = LookalikeMap.config;
    const large = this.own.get(row);
    if (large) return pen.drawImage(large, x, y, side, side);
    const slot = this.layout.slots[row];
    const key = `sprites-${this.layout.number}-${Math.floor(slot / sprite.each)}.webp`;
    const picture = this.pictures.get(key);
    if (!picture) {
      wanted.add(key);
      pen.fillStyle = this.#css(this.tones[row]);
      pen.beginPath();
      pen.roundRect(x, y, side, side, 0.11 * side);
      return pen.fill();
    }
    const at = slot % sprite.each;
    const [fromX, fromY] = [(at % sprite.across) * sprite.side, Math.floor(at / sprite.across) * sprite.side];
    pen.drawImage(picture, fromX, fromY, sprite.side, sprite.side, x, y, side, side);
  }

  /* What is pointed at, and what was chosen, stand over the others. */
  #drawMark() {
    const { pen, ratio } = this.photos;
    if ((this.growth ?? 1) <= 0) return;
    for (const row of new Set([this.pointed, this.chosen])) {
      if (row < 0) continue;
      const side = Math.max(1.35 * this.size(), 56) * ratio;
      const [x, y] = this.toScreen(row).map((one) => Math.round(one * ratio - side / 2));
      pen.fillStyle = row === this.chosen ? this.theme.mark : this.theme.ink;
      pen.beginPath();
      pen.roundRect(x - 3 * ratio, y - 3 * ratio, side + 6 * ratio, side + 6 * ratio, 0.14 * side);
      pen.fill();
      const framed = this.framed;
      this.framed = false;
      const wanted = new Set();
      this.#drawPhoto(row, side, wanted);
      this.framed = framed;
      for (const key of wanted) this.#load(key);
    }
  }

  async #load(key) {
    const { Drawing } = LookalikeMap;
    if (this.loading.size >= Drawing.#AT_ONCE || this.loading.has(key) || this.pictures.has(key)) return;
    this.loading.add(key);
    try {
      this.pictures.set(key, await LookalikeMap.picture(key));
      if (this.pictures.size > Drawing.#MOST_PICTURES) {
        const oldest = this.pictures.keys().next().value;
        this.pictures.get(oldest).close();
        this.pictures.delete(oldest);
      }
      this.ask();
    } catch {
      // It was said; the next movement tries again.
    } finally {
      this.loading.delete(key);
    }
  }

  /* The product nearest to a place in the view: one with a photo there, or else a dot. */
  nearest(x, y, most) {
    const half = this.size() / 2;
    let best = -1, least = Infinity;
    for (const { row } of this.visible()) {
      const [atX, atY] = this.toScreen(row);
      const off = Math.max(Math.abs(atX - x), Math.abs(atY - y));
      if (off <= half && off < least) [best, least] = [row, off];
    }
    if (best >= 0) return best;
    const [mapX, mapY] = this.toMap(x, y);
    least = (most / this.view.scale) ** 2;
    for (let row = 0; row < this.count; row++) {
      if ((this.allowed && !this.allowed[row]) || this.faint?.[row]) continue;
      const dx = this.places[2 * row] - mapX, dy = this.places[2 * row + 1] - mapY;
      if (dx * dx + dy * dy < least) [best, least] = [row, dx * dx + dy * dy];
    }
    return best;
  }

  isInView(row) {
    const [x, y] = this.toScreen(row);
    return x >= 0 && y >= 0 && x <= this.width && y <= this.height;
  }

  /* How many products are in view. */
  inView() {
    let found = 0;
    for (let row = 0; row < this.count; row++) {
      if ((!this.allowed || this.allowed[row]) && !this.faint?.[row] && this.isInView(row)) found++;
    }
    return found;
  }

  #packed([red, green, blue]) { return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0; }
  #css(tone) { return `rgb(${tone & 255} ${(tone >> 8) & 255} ${(tone >> 16) & 255})`; }
};
