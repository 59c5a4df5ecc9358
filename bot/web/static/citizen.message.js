// A message as an element, the same shape the server's template makes.
import { raise } from "./citizen.layers.js";
import { data, el, t } from "./citizen.words.js";

const CODE = /[A-Z]{1,4}\d{8}-\d+|\b\d{4}-\d{4}-\d{4}-\d{4}\b|\b[2-9]\d{2}-\d{4}-\d{4}\b/g;
const PHONE = /\b0\d{2,3}-\d{7,8}\b/g;
const ANY_PHONE = /\b0\d{2,3}-\d{7,8}\b|\b1(?:10|19|20|22|2\d{3})\b/g;
const CALL = new RegExp(t("call_words"), "i"); // short numbers are telephones only where somebody is told to ring them
const LONG_LABEL = data.lang === "en" ? 13 : 7;

export function dayLine(at) {
  const [y, m, d] = at.slice(0, 10).split("-");
  const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString();
  const today = now.slice(0, 10) === at.slice(0, 10);
  const label = today ? t("today") : t("day", { y, m: Number(m), d: Number(d) });
  return el("p", { class: "day", "data-day": at.slice(0, 10) }, el("span", null, label));
}

export function stamp(node, at) {
  node.querySelector(".foot").prepend(el("time", { datetime: at }, at.slice(11, 16)));
}

export function messageNode(message) {
  const words = el("div", { class: "words" });
  for (const part of message.paragraphs) words.append(paragraph(part));
  if (message.attachments.length) words.append(el("div", { class: "files" }, ...message.attachments.map(fileNode)));
  const node = el("div", { class: `m ${message.from}`, tabindex: "-1" });
  node.append(el("p", { class: "who" }, t(message.from)), words, el("p", { class: "foot" }));
  if (message.id) {
    node.dataset.id = message.id;
    node.dataset.at = message.at;
    stamp(node, message.at);
  }
  decorate(words);
  return node;
}

function paragraph(part) {
  if (part.html === undefined) return el("p", null, part.text);
  const node = el("div", { class: "md" });
  node.innerHTML = part.html; // made by our server from a clerk's Markdown, never from a citizen's words
  return node;
}

function fileNode(file) {
  if (file.kind === "photo") {
    const alt = t("photo_of", { name: file.name });
    const image = el("img", { src: file.url, alt, loading: "lazy", width: 132, height: 132 });
    return el("a", { class: "photo", href: file.url }, image);
  }
  if (file.kind === "voice") return el("audio", { controls: true, preload: "none", src: file.url, title: t("voice_of") });
  if (file.kind === "video") return el("video", { controls: true, preload: "none", src: file.url });
  return el("a", { class: "file", href: file.url, download: true }, file.name);
}

export function optionsNode(options, press) {
  const wide = options.some((option) => option.label.length > LONG_LABEL);
  const node = el("div", { class: wide ? "options wide" : "options" });
  options.forEach((option, i) => {
    const number = el("span", { class: "no", "aria-hidden": "true" }, String(i + 1));
    const label = el("span", null, option.label);
    const button = { type: "submit", name: "choice", value: option.token, class: `option ${option.style}`, click: press };
    node.append(el("button", button, number, label));
  });
  return node;
}

/** Set numbers and codes on a line of their own large, to be copied; make telephone numbers ring when touched. */
export function decorate(words) {
  const walker = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) if (!walker.currentNode.parentNode.closest("a, .num, .code")) texts.push(walker.currentNode);
  const many = (words.textContent.match(CODE) || []).length > 3;
  const own = words.parentNode.classList.contains("me");
  for (const text of texts) {
    let parts = pick([text.data], CODE, many || own ? numNode : numOrCode);
    if (!own) parts = pick(parts, CALL.test(text.data) ? ANY_PHONE : PHONE, phoneNode);
    if (parts.length > 1) text.replaceWith(...parts);
  }
}

/** `parts` with every match of `pattern` in their texts made an element. */
function pick(parts, pattern, make) {
  const picked = [];
  for (const part of parts) {
    if (typeof part !== "string") {
      picked.push(part);
      continue;
    }
    let last = 0;
    for (const match of part.match(pattern) || []) {
      const at = part.indexOf(match, last);
      picked.push(part.slice(last, at), make(match, part.slice(0, at), part.slice(at + match.length)));
      last = at + match.length;
    }
    picked.push(part.slice(last));
  }
  return picked;
}

const numNode = (code) => el("b", { class: "num" }, code);

/** Large where it is what the line is about; within a sentence only set off. */
function numOrCode(code, before, after) {
  return /(^|\n|[:：] ?)$/.test(before) && /^(\n|$)/.test(after) ? codeNode(code) : numNode(code);
}

const phoneNode = (number) => el("a", { class: "num", href: `tel:${number.replace(/-/g, "")}` }, number);

function codeNode(code) {
  const button = el("button", { type: "button", class: "copy", "aria-label": t("copy_what", { what: code }) }, t("copy"));
  button.addEventListener("click", () => {
    copy(code).then(() => {
      button.textContent = t("copied");
      setTimeout(() => (button.textContent = t("copy")), 2500);
    });
  });
  return el("span", { class: "code" }, el("b", null, code), button);
}

async function copy(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  const area = el("textarea", { class: "sr", readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  area.setSelectionRange(0, text.length);
  document.execCommand("copy");
  area.remove();
}

/** Show a photo over everything; back, Escape and the button close it, and the focus returns to where it was. */
export function viewPhoto(link) {
  const before = document.activeElement;
  const image = el("img", { src: link.href, alt: link.querySelector("img").alt });
  const button = el("button", { type: "button" }, t("close"));
  const viewer = el("div", { class: "viewer", role: "dialog", "aria-modal": "true", "aria-label": image.alt }, button, image);
  const close = raise(() => {
    viewer.remove();
    if (before) before.focus({ preventScroll: true });
  });
  button.addEventListener("click", close);
  image.addEventListener("click", close);
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "Tab") event.preventDefault();
  });
  document.body.append(viewer);
  button.focus();
}
