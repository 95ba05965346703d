"use strict";
/* Level of detail: which products have photos at a scale, and where the photos of a layout are. */
LookalikeMap.levels = (() => {
  const BITS = 16, FIRST = 4, LAST = 10; // as in engine/applications/map/order.py
  const WIDEST = 0.25; // of the map: the distance of photos at level 0; each level has 1/√2 of it
  const FINEST = 26;

  /* The rows in the order of a layout's sprites: the same that `drawing_order` finds. */
  function inOrder(xs, ys) {
    const count = xs.length;
    const grid = new Uint8Array(count).fill(LAST + 1);
    for (let level = FIRST; level <= LAST; level++) {
      const taken = new Uint8Array(1 << (2 * level));
      const shift = BITS - level;
      const cell = (row) => ((xs[row] >> shift) << level) | (ys[row] >> shift);
      for (let row = 0; row < count; row++) if (grid[row] <= LAST) taken[cell(row)] = 1;
      for (let row = 0; row < count; row++) {
        if (grid[row] <= LAST || taken[cell(row)]) continue;
        taken[cell(row)] = 1;
        grid[row] = level;
      }
    }
    const keys = new Float64Array(count);
    for (let row = 0; row < count; row++) {
      keys[row] = grid[row] * 2 ** 32 + spread(xs[row]) + 2 * spread(ys[row]);
    }
    return Uint32Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b] || a - b);
  }

  function spread(value) {
    value = (value | (value << 8)) & 0x00ff00ff;
    value = (value | (value << 4)) & 0x0f0f0f0f;
    value = (value | (value << 2)) & 0x33333333;
    return (value | (value << 1)) & 0x55555555;
  }

  /* Chooses products for photos, level by level, so that those of a level keep its distance from each
     other and from those of all levels before. A product that has a photo keeps it when one zooms in. */
  class Choice {
    /* order: rows, the first ones preferred; places: x and y of each row in turn, from 0 to 1. */
    constructor(order, places, allowed) {
      this.places = places;
      this.left = allowed ? order.filter((row) => allowed[row]) : order;
      this.rows = new Uint32Array(this.left.length); // those chosen, level by level
      this.ends = []; // how many are chosen up to each level
      this.chosen = 0;
    }

    /* How many of `rows` are chosen up to a level. */
    upTo(level) {
      if (level < 0) return 0;
      while (this.ends.length <= level && this.ends.length <= FINEST) this.#next();
      return this.ends[Math.min(level, this.ends.length - 1)];
    }

    #next() {
      const distance = WIDEST * 2 ** (-this.ends.length / 2);
      const { places } = this;
      const across = Math.floor(1 / distance) + 3;
      const heads = new Map(), following = new Uint32Array(this.rows.length + 1);
      const column = (x) => Math.floor(x / distance) + 1;
      const add = (at) => {
        const row = this.rows[at];
        const key = column(places[2 * row + 1]) * across + column(places[2 * row]);
        following[at] = heads.get(key) ?? 0;
        heads.set(key, at + 1);
      };
      for (let at = 0; at < this.chosen; at++) add(at);
      const later = [];
      for (const row of this.left) {
        const x = places[2 * row], y = places[2 * row + 1];
        if (this.#isFree(x, y, distance, column(y) * across + column(x), across, heads, following)) {
          this.rows[this.chosen] = row;
          add(this.chosen++);
        } else later.push(row);
      }
      this.left = later;
      this.ends.push(this.chosen);
    }

    #isFree(x, y, distance, key, across, heads, following) {
      for (let down = -1; down <= 1; down++) {
        for (let right = -1; right <= 1; right++) {
          let at = heads.get(key + down * across + right) ?? 0;
          while (at) {
            const other = this.rows[at - 1];
            const dx = this.places[2 * other] - x, dy = this.places[2 * other + 1] - y;
            if (dx < distance && -dx < distance && dy < distance && -dy < distance) return false;
            at = following[at - 1];
          }
        }
      }
      return true;
    }
  }

  /* The level whose distance is at least one photo of a size, at a scale; it has decimals. */
  const levelAt = (scale, size) => 2 * Math.log2((WIDEST * scale) / size);

  return { inOrder, Choice, levelAt, FINEST };
})();
