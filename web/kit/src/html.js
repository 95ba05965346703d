// Markup as tagged templates: every value is escaped, except markup of this function itself.
const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };

class Markup {
  constructor(text) {
    this.text = text;
  }
}

export function escape(value) {
  return String(value).replace(/[&<>"']/g, (sign) => SIGNS[sign]);
}

function text(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(text).join("");
  return value === null || value === undefined || value === false ? "" : escape(value);
}

export function html(parts, ...values) {
  return new Markup(parts.reduce((all, part, at) => all + text(values[at - 1]) + part));
}

let policy;

// For pages that require trusted types.
export function fill(node, markup) {
  policy ??= globalThis.trustedTypes?.createPolicy("lookalike-panel", { createHTML: (given) => given });
  node.innerHTML = policy ? policy.createHTML(markup.text) : markup.text;
}

// An address of the web; empty if it is none, such as a script.
export function absolute(address, base) {
  if (!address) return "";
  try {
    const url = new URL(address, base);
    return /^https?:$/.test(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}
