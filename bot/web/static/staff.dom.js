// Making elements. Text is always text: nothing in this room is ever parsed as HTML.

import { t } from "./staff.data.js";

/** `el("button", { class: "x", on: { click } }, "text", child…)`; null and "" children are left out. */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  Object.keys(props || {}).forEach((name) => set(node, name, props[name]));
  fill(node, children);
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") Object.keys(value).forEach((event) => node.addEventListener(event, value[event]));
  else if (name === "class") node.className = value;
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : value);
}

/** Put children in place of whatever is there. */
export function put(node, ...children) {
  node.textContent = "";
  fill(node, children);
}

function fill(node, children) {
  children.forEach((child) => {
    if (Array.isArray(child)) fill(node, child);
    else if (child !== null && child !== undefined && child !== "" && child !== false) node.append(child);
  });
}

export function find(id) {
  return document.getElementById(id);
}

/** A word in a small frame. */
export function tag(kind, ...children) {
  return el("span", { class: "tag " + kind }, children);
}

export function button(label, click, style) {
  return el("button", { type: "button", class: "button small " + (style || ""), on: { click } }, label);
}

let fading = 0;

/** Say something that needs no answer; screen readers hear it too. */
export function toast(text, bad) {
  const box = find("toast");
  box.textContent = text;
  box.className = bad ? "toast bad shown" : "toast shown";
  clearTimeout(fading);
  fading = setTimeout(() => (box.className = "toast"), bad ? 9000 : 4500);
}

/** A box that grows with its text, up to what the style sheet allows. */
export function grow(box) {
  box.style.height = "auto";
  box.style.height = box.scrollHeight + 2 + "px";
}

export function copyButton(text) {
  const done = () => toast(t("room.copied"));
  const copy = () => {
    if (navigator.clipboard && window.isSecureContext) return void navigator.clipboard.writeText(text).then(done);
    const box = el("textarea", { class: "sr", value: text });
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    done();
  };
  return el("button", { type: "button", class: "quiet copy", on: { click: copy } }, t("room.copy"));
}
