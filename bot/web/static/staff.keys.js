// The keyboard, and the list of keys that "?" shows. Letters are keys only while nobody is writing.

import { write } from "./staff.compose.js";
import { t } from "./staff.data.js";
import { dialog, topmost } from "./staff.dialog.js";
import { el, find } from "./staff.dom.js";
import { step } from "./staff.list.js";

const KEYS = [["/", "search"], ["j", "next"], ["k", "previous"], ["Enter", "open_card"], ["Esc", "close"],
  ["n", "note"], ["r", "answer"], ["Ctrl + Enter", "send"], ["?", "help"]];

const RUN = {
  "/": () => find("search").focus(),
  j: () => step(1),
  k: () => step(-1),
  n: () => write("note"),
  r: () => write("answer"),
  "?": help,
};

export function help() {
  const row = (key, name) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, t("room.keys." + name)));
  const rows = KEYS.map((pair) => row(pair[0], pair[1]));
  dialog(t("room.keys.title"), el("div", { class: "body" }, el("dl", { class: "keys" }, rows)));
}

function typing(target) {
  return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || topmost() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return escape(event.target);
  if (typing(event.target) || !(event.key in RUN)) return;
  event.preventDefault();
  RUN[event.key]();
});

/** Esc leaves what one is in: the box first, then the search, then the case. */
function escape(target) {
  const search = find("search");
  if (target === search && search.value) {
    search.value = "";
    search.dispatchEvent(new Event("input"));
  } else if (typing(target)) target.blur();
  else if (document.body.classList.contains("railed")) document.body.classList.remove("railed");
  else if (location.hash.length > 1) location.hash = "";
}
