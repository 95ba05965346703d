import de from "../../words/de.json" with { type: "json" };
import en from "../../words/en.json" with { type: "json" };
import fr from "../../words/fr.json" with { type: "json" };

// What the attributes of a panel ask for, and the address that answers it.
export const SURFACES = ["similar", "wishlist", "history", "cart", "photo"];
const MOST = 100; // results of one answer
const MOST_SEEDS = 200;
const LONGEST = 3500; // characters of an address; servers refuse longer ones

export const LABELS = { en: en.labels, de: de.labels, fr: fr.labels };

export function language(locale) {
  const name = (locale ?? "").split(/[-_]/)[0].toLowerCase();
  return Object.hasOwn(LABELS, name) ? name : "en";
}

function whole(text, low, high, otherwise) {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? otherwise : Math.min(high, Math.max(low, number));
}

function oneOf(text, known) {
  return known.includes(text) ? text : known[0];
}

function parsed(json) {
  try {
    return { ...JSON.parse(json) };
  } catch {
    return {};
  }
}

export function words(text) {
  return (text ?? "").split(/[\s,]+/).filter(Boolean);
}

// `read` gives an attribute's text or null; `home` is where the script came from.
export function options(read, home = {}) {
  const surface = oneOf(read("surface"), SURFACES);
  const spoken = language(read("locale"));
  const labels = { ...LABELS[spoken], ...parsed(read("labels")) };
  const id = (read("product-id") ?? "").trim();
  return {
    surface,
    ids: [...new Set(id ? [id, ...words(read("product-ids"))] : words(read("product-ids")))].slice(0, MOST_SEEDS),
    limit: whole(read("limit"), 1, MOST, 12),
    facets: (read("facets") ?? "").replace(/\s/g, ""),
    filter: read("filter") ?? "",
    minMatch: read("min-match") || null,
    visitor: read("visitor"),
    api: (read("api") || home.api || "").replace(/\/+$/, ""),
    key: read("key") ?? home.key,
    heading: read("heading") ?? labels[surface],
    level: whole(read("heading-level"), 1, 6, 2),
    layout: oneOf(read("layout"), ["grid", "carousel", "auto"]),
    tuning: oneOf(read("tuning"), ["off", "button", "open", "auto"]),
    currency: read("currency"),
    locale: read("locale")?.replace("_", "-"),
    saved: read("saved") === null ? null : new Set(words(read("saved"))),
    ga4: read("ga4") !== null,
    remember: read("remember") !== null,
    language: spoken,
    labels,
  };
}

// The parameters of every panel; `tuned` are those that the visitor chose.
export function parameters(wanted, tuned = {}) {
  const query = new URLSearchParams(wanted.filter);
  query.set("k", wanted.limit);
  query.set("absolute", "true");
  query.set("locale", wanted.language);
  const facets = tuned.facets ?? wanted.facets;
  if (facets) query.set("facets", facets);
  if (tuned.diversity) query.set("diversity", tuned.diversity);
  if (wanted.minMatch !== null) query.set("min_match", wanted.minMatch);
  if (wanted.visitor) query.set("visitor", wanted.visitor);
  if (wanted.key) query.set("key", wanted.key);
  return query;
}

// The address that answers; null without a product to start from.
export function address(wanted, tuned) {
  const root = `${wanted.api}/api/v1`;
  const query = parameters(wanted, tuned);
  if (wanted.surface === "photo") return `${root}/search/photo?${query}`;
  if (!wanted.ids.length) return null;
  if (wanted.surface === "similar" && wanted.ids.length === 1) {
    const path = wanted.ids[0].split("/").map(encodeURIComponent).join("/");
    return `${root}/products/${path}/similar?${query}`;
  }
  const route = wanted.surface === "similar" ? "wishlist" : wanted.surface;
  for (const id of wanted.ids) {
    if (`${query}`.length + encodeURIComponent(id).length > LONGEST) break;
    query.append("id", id);
  }
  return `${root}/${route}/similar?${query}`;
}

export function eventsAddress(wanted) {
  const query = wanted.key ? `?key=${encodeURIComponent(wanted.key)}` : "";
  return `${wanted.api}/api/v1/events${query}`;
}
