// A panel's answer as markup. The server renders the same: web/templates/embed.html and
// panel_frame.html.
import { absolute, html } from "./html.js";

const SIZES = "(min-width: 1100px) 230px, (min-width: 700px) 30vw, 46vw";
const WIDTHS = [320, 480, 960];
const HEART = "M12 20.2 4.6 12.9a4.8 4.8 0 0 1 0-6.8 4.8 4.8 0 0 1 6.8 0l.6.6.6-.6a4.8 4.8 0 0 1 6.8 6.8Z";

export function icon(path) {
  return html`<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false"><path d="${path}"/></svg>`;
}

export function money(amount, currency, locale) {
  if (amount === null || amount === undefined) return "";
  const number = Number(amount);
  try {
    return new Intl.NumberFormat(locale || undefined, currency ? { style: "currency", currency } : { minimumFractionDigits: 2 }).format(number);
  } catch { // an unknown currency or locale
    return `${number.toFixed(2)} ${currency ?? ""}`.trim();
  }
}

// What a card shows of a result; also the names that a shop's own template may use.
export function fields(result, wanted) {
  const product = result.product;
  const currency = product.currency || wanted.currency;
  const reduced = product.sale_price !== null && product.price !== null && Number(product.sale_price) < Number(product.price);
  const brand = product.brand ?? "";
  const starts = brand && product.title.toLowerCase().startsWith(`${brand.toLowerCase()} `);
  return {
    id: result.product_id,
    position: result.rank,
    link: absolute(product.link ?? product.url, wanted.api || location.href),
    photo: absolute(product.photos[0]?.url, wanted.api || location.href),
    title: (starts && product.title.slice(brand.length).trim()) || product.title,
    brand,
    price: money(reduced ? product.sale_price : (product.sale_price ?? product.price), currency, wanted.locale),
    "old-price": reduced ? money(product.price, currency, wanted.locale) : "",
    colour: product.colour ?? "",
    reasons: result.reasons.join(", "),
  };
}

export function photoSet(address) {
  return WIDTHS.map((width) => `${address.replace(/\/\d+\.jpg$/, `/${width}.jpg`)} ${width}w`).join(", ");
}

function picture(shown, product) {
  if (!shown.photo) return html`<span class="picture" part="picture"></span>`;
  const { width, height } = product.photos[0];
  return html`<span class="picture" part="picture"><img part="image" src="${shown.photo}" srcset="${photoSet(shown.photo)}" sizes="${SIZES}" width="${width}" height="${height}" alt="" loading="lazy" decoding="async">${shown["old-price"] && html`<span class="badge" part="badge">${shown.sale}</span>`}</span>`;
}

function price(shown, labels) {
  const old = shown["old-price"];
  if (!old) return shown.price;
  return html`<ins part="sale-price"><span class="unseen">${labels.now} </span>${shown.price}</ins> <del part="old-price"><span class="unseen">${labels.before} </span>${old}</del>`;
}

export function card(result, wanted) {
  const labels = wanted.labels;
  const shown = { ...fields(result, wanted), sale: labels.sale };
  return html`<article class="card" part="card"><a class="link" part="link" href="${shown.link}">${picture(shown, result.product)}<span class="words">${shown.brand && html`<span class="brand" part="brand">${shown.brand}</span>`}<span class="title" part="title">${shown.title}</span>${shown.price && html`<span class="price" part="price">${price(shown, labels)}</span>`}</span></a>${heart(shown, wanted)}<ul class="reasons" part="reasons"${result.reasons.length > 0 && html` aria-label="${labels.why}"`}>${result.reasons.map((reason) => html`<li part="reason">${reason}</li>`)}</ul></article>`;
}

function heart(shown, wanted) {
  if (wanted.saved === null) return "";
  return html`<button class="heart" part="wishlist" type="button" aria-pressed="${String(wanted.saved.has(shown.id))}" aria-label="${wanted.labels.save}: ${shown.title}">${icon(HEART)}</button>`;
}

export function item(result, inner) {
  return html`<li part="item" data-product="${result.product_id}" data-position="${result.rank}">${inner}</li>`;
}

// Cards that keep the place of those to come.
export function skeletons(count) {
  const waiting = html`<li class="waiting"><div class="card"><div class="link"><span class="picture"></span><span class="words"></span></div><div class="reasons"></div></div></li>`;
  return Array(count).fill(waiting);
}

export function frame(wanted, items, { label = "", query = "" } = {}) {
  const { heading, labels } = wanted;
  const title = html`<slot name="heading"><span>${heading}</span></slot>`;
  const tag = html([`h${wanted.level}`]);
  const list = html`<ul class="list" part="list">${items}</ul>`;
  const row = wanted.layout !== "grid";
  const adjust = ["button", "auto"].includes(wanted.tuning);
  const folds = { open: "", auto: "" }[wanted.tuning] ?? html` hidden`;
  return html`<section class="panel ${wanted.layout}" part="panel" aria-label="${heading || labels[wanted.surface]}" data-query="${query}"><div class="head" part="head">${heading && html`<${tag} class="heading" part="heading">${title}</${tag}>`}<div class="tools">${adjust && html`<button class="adjust ${wanted.tuning}" part="adjust" type="button" aria-expanded="false">${labels.adjust}</button>`}${row && html`<span class="arrows" part="controls"><button class="previous" part="button previous" type="button" aria-label="${labels.previous}">${icon("m14.5 6-6 6 6 6")}</button><button class="next" part="button next" type="button" aria-label="${labels.next}">${icon("m9.5 6 6 6-6 6")}</button></span>`}</div></div><slot name="before"></slot><div class="tuning" part="tuning"${folds}></div><p class="label" part="label"${!label && html` hidden`}>${label}</p>${row ? html`<div class="window" part="window" role="group" tabindex="0" aria-label="${heading || labels[wanted.surface]}">${list}</div>` : list}<slot name="after"></slot><p class="unseen" role="status" aria-live="polite"></p></section>`;
}
