"use strict";
/* What the map is made of: its settings, and its parts, loaded when they are needed. */
globalThis.LookalikeMap = (() => {
  const config = JSON.parse(document.getElementById("map-config").textContent);
  const parts = new Map(); // name -> promise
  const waiting = new Map(); // name -> what its script calls; see `take`
  let failed = () => {};

  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer;

  /* A page from a disk may load scripts and pictures, and nothing else. */
  function byScript(name) {
    return new Promise((resolve, reject) => {
      waiting.set(name, resolve);
      const script = document.createElement("script");
      script.src = `${config.files}${name}.js`;
      script.onerror = () => reject(new Error(name));
      document.head.append(script);
    });
  }

  async function byRequest(name) {
    const response = await fetch(config.files + name);
    if (!response.ok) throw Object.assign(new Error(name), { gone: response.status === 404 });
    return name.endsWith(".json") ? response.json() : response.arrayBuffer();
  }

  /* A part of the map: an ArrayBuffer, or what a JSON file holds. */
  function part(name) {
    if (!parts.has(name)) {
      const found = config.scripted ? byScript(name) : byRequest(name);
      parts.set(name, found);
      found.catch((error) => {
        parts.delete(name); // the next need tries again
        failed(error.gone ? config.words.replaced : config.words.failed);
      });
    }
    return parts.get(name);
  }

  /* A picture of sprites, decoded where that does not hold up the page. */
  async function picture(name) {
    try {
      if (config.scripted) {
        const image = new Image();
        image.src = config.files + name;
        await image.decode();
        return createImageBitmap(image);
      }
      const response = await fetch(config.files + name);
      if (!response.ok) throw Object.assign(new Error(name), { gone: response.status === 404 });
      return await createImageBitmap(await response.blob());
    } catch (error) {
      failed(error.gone ? config.words.replaced : config.words.failed);
      throw error;
    }
  }

  const texts = new Map(); // number of a chunk -> its titles, ids and links, once loaded
  async function chunk(number) {
    const found = await part(`texts-${number}.json`);
    texts.set(number, found);
    return found;
  }
  const chunkOf = (row) => Math.floor(row / config.chunk);
  /* A text of a product, if its chunk is there. */
  const text = (row, kind) => texts.get(chunkOf(row))?.[kind][row % config.chunk];

  const word = (name, values = {}) =>
    (config.words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) =>
      typeof values[key] === "number" ? values[key].toLocaleString(config.locale) : values[key] ?? whole);

  return {
    config, part, picture, chunk, chunkOf, text, word,
    take: (name, value) => {
      waiting.get(name)(typeof value === "string" ? bytes(value) : value);
      waiting.delete(name);
    },
    onFailure: (call) => { failed = call; },
  };
})();
