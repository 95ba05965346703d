"use strict";
/* Level of detail: which products have photos at a scale, and where the photos of a layout are. */
LookalikeMap.levels = (() => {
  const BITS = 16, FIRST = 4, LAST = 10; // as in engine/applications/map/order.py
  const WIDEST = 0.25; // of the map: the distance of photos at level 0
  const STEPS = 3; // levels from a distance to its half
  const FINEST = 40;
  // Cells around one, itself first: most are taken there.
  const NEAR = [[0, 0], [0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]];

  /* The rows in the order of a layout's sprites: the same that `drawing_order` finds. And where each
     grid ends in it. */
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
    const order = Uint32Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b] || a - b);
    const ends = new Uint32Array(LAST + 2); // how many rows have a cell of each grid, or of one before
    for (let row = 0; row < count; row++) ends[grid[row]]++;
    for (let level = 1; level < ends.length; level++) ends[level] += ends[level - 1];
    return { order, ends };
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
    /* layout: its places, from 0 to 1, its order, in which first rows are preferred, and where grids end.
       allowed: which rows may be chosen, as a mask; sparse: they are few, from anywhere. */
    constructor({ places, order, slots, grids }, allowed = null, sparse = false) {
      this.places = places;
      this.slots = slots;
      this.grids = sparse ? null : grids;
      this.left = allowed ? order.filter((row) => allowed[row]) : order.slice();
      this.rows = new Uint32Array(this.left.length); // those chosen, level by level
      this.ends = []; // how many are chosen up to each level
      this.chosen = 0;
    }

    /* Chooses one more level ahead of its need; false where all are chosen. */
    ahead() {
      if (this.ends.length > FINEST || !this.left.length) return false;
      this.#next();
      return true;
    }

    /* How many of `rows` are chosen up to a level. */
    upTo(level) {
      if (level < 0) return 0;
      while (this.ends.length <= level && this.ahead());
      return this.ends[Math.min(level, this.ends.length - 1)];
    }

    #next() {
      const distance = WIDEST * 2 ** (-this.ends.length / STEPS);
      const { places, left } = this;
      const across = Math.floor(1 / distance) + 3;
      // The chosen of each cell of a grid, in a hash table: its keys, and the last one added to each.
      const bits = Math.max(4, Math.ceil(Math.log2(4 * Math.min(this.rows.length, across * across) + 1)));
      const shift = 32 - bits, mask = (1 << bits) - 1;
      const keys = new Int32Array(1 << bits).fill(-1), heads = new Int32Array(1 << bits);
      const following = new Int32Array(this.rows.length + 1);
      const slotOf = (key) => {
        let slot = Math.imul(key, 0x9e3779b1) >>> shift;
        while (keys[slot] !== key && keys[slot] !== -1) slot = (slot + 1) & mask;
        return slot;
      };
      const add = (at, key) => {
        const slot = slotOf(key);
        keys[slot] = key;
        following[at] = heads[slot];
        heads[slot] = at + 1;
      };
      const cell = (x, y) => (Math.floor(y / distance) + 1) * across + Math.floor(x / distance) + 1;
      for (let at = 0; at < this.chosen; at++) {
        add(at, cell(places[2 * this.rows[at]], places[2 * this.rows[at] + 1]));
      }
      const isFree = (x, y, key) => {
        for (let near = 0; near < 9; near++) {
          const slot = slotOf(key + NEAR[near][0] * across + NEAR[near][1]);
          if (keys[slot] === -1) continue;
          for (let at = heads[slot]; at; at = following[at - 1]) {
            const other = this.rows[at - 1];
            const dx = places[2 * other] - x, dy = places[2 * other + 1] - y;
            if (dx < distance && -dx < distance && dy < distance && -dy < distance) return false;
          }
        }
        return true;
      };
      // From far, only rows of the first pictures: those that have cells of half the distance.
      const grid = Math.max(FIRST, Math.floor(Math.log2(2 / distance)));
      const last = this.grids && grid < LAST ? this.grids[grid] : Infinity;
      let later = 0, at = 0;
      for (; at < left.length && this.slots[left[at]] < last; at++) {
        const row = left[at], x = places[2 * row], y = places[2 * row + 1], key = cell(x, y);
        if (isFree(x, y, key)) {
          this.rows[this.chosen] = row;
          add(this.chosen++, key);
        } else left[later++] = row;
      }
      left.copyWithin(later, at);
      this.left = left.subarray(0, later + left.length - at);
      this.ends.push(this.chosen);
    }
  }

  /* The level whose distance is at least one photo of a size, at a scale; it has decimals. */
  const levelAt = (scale, size) => STEPS * Math.log2((WIDEST * scale) / size);

  return { inOrder, Choice, levelAt, FINEST };
})();
