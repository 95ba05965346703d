// A shop's own card: <template slot="card"> in the panel, filled by data-field attributes.
import { photoSet } from "./cards.js";

export function filled(template, shown) {
  const copy = template.content.cloneNode(true);
  for (const node of copy.querySelectorAll("[data-field]")) {
    const value = shown[node.dataset.field] ?? "";
    if (node.localName === "img") {
      if (!value) node.remove();
      else Object.assign(node, { srcset: photoSet(value), src: value });
    } else if (node.localName === "a") {
      node.href = value;
    } else if (value === "") {
      node.remove();
    } else {
      node.textContent = value;
    }
  }
  return copy;
}
