// Dialogs: one above another, focus kept inside, Esc and the dark around them close the top one.

import { t } from "./staff.data.js";
import { el, find } from "./staff.dom.js";

const open = [];
const FOCUSABLE = "button:not([disabled]), input:not([disabled]), select, textarea, a[href], [tabindex='0']";
let serial = 0;

/** Show `body` (a node) under `title`. `closed` is called once, however it closes. Gives back `{ close }`. */
export function dialog(title, body, options) {
  const given = options || {};
  const id = "dialog-" + ++serial;
  const before = document.activeElement;
  const box = el(
    "div",
    { class: "dialog " + (given.style || ""), role: "dialog", "aria-modal": "true", "aria-labelledby": id },
    el(
      "header",
      {},
      el("h2", { id }, title),
      el("button", { type: "button", class: "quiet close", "aria-label": t("room.close"), on: { click: close } }, "×")
    ),
    body
  );
  const shade = el("div", { class: "shade", on: { mousedown: (event) => event.target === shade && close() } }, box);
  const entry = { box, close };
  find("dialogs").append(shade);
  open.push(entry);
  find("room").setAttribute("aria-hidden", "true");
  (box.querySelector("[data-first]") || body.querySelector(FOCUSABLE) || box.querySelector(FOCUSABLE)).focus();

  function close() {
    const index = open.indexOf(entry);
    if (index < 0) return;
    open.splice(index, 1);
    shade.remove();
    if (!open.length) find("room").removeAttribute("aria-hidden");
    if (before && before.isConnected !== false && document.contains(before)) before.focus();
    if (given.closed) given.closed();
  }
  return entry;
}

export function topmost() {
  return open.length ? open[open.length - 1] : null;
}

document.addEventListener("keydown", (event) => {
  const top = topmost();
  if (!top) return;
  if (event.key === "Escape") {
    event.preventDefault(); // so that the keys behind the dialog leave it alone
    top.close();
  }
  if (event.key !== "Tab") return;
  const stops = Array.from(top.box.querySelectorAll(FOCUSABLE)).filter((node) => node.offsetParent);
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  if (document.activeElement === edge || !top.box.contains(document.activeElement)) {
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  }
});

/** Ask a plain question; `yes` is called when the answer is yes. */
export function ask(title, text, label, yes) {
  const sure = el("button", { type: "button", class: "button small primary", "data-first": true }, label);
  const no = el("button", { type: "button", class: "button small" }, t("room.cancel"));
  const shown = dialog(
    title,
    el("div", { class: "body" }, el("p", { class: "lead" }, text), el("div", { class: "ends" }, no, sure))
  );
  no.addEventListener("click", shown.close);
  sure.addEventListener("click", () => {
    shown.close();
    yes();
  });
}
