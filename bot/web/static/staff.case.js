// The open case: its head, its story, the buttons for what may be done now, and the composer under it.

import * as api from "./staff.api.js";
import { begin, hasButton } from "./staff.acts.js";
import { composeFor, write } from "./staff.compose.js";
import { emit, has, t } from "./staff.data.js";
import { button, el, find, put, toast } from "./staff.dom.js";
import { learn } from "./staff.learn.js";
import { duties, facts, head } from "./staff.sheet.js";
import { markRead, readUpTo } from "./staff.store.js";
import { thread } from "./staff.thread.js";
import { ties } from "./staff.ties.js";

const ORDER = [
  "claim", "accept", "checked", "reply", "extend", "decline", "review", "told", "conclude", "close", "progress", "request", "transfer",
  "return", "refuse", "supplement", "assist", "supervise", "escalate", "merge", "split", "crosscheck", "accuse", "reopen", "release",
  "mute", "unmute", "hold", "unhold", "reveal",
];
const pane = find("case");
const bar = find("bar");
const scroll = find("thread");
let file = null;
let wanted = "";
let newSince = 0;

export function openCase() {
  return file;
}

/** Open the case `no`; "" closes. */
export async function show(no) {
  wanted = no;
  if (!no) return close();
  if (!file || file.card.no !== no) pane.setAttribute("aria-busy", "true");
  document.body.classList.add("reading");
  await load(true);
}

/** Look at the open case again, in place. */
export function refresh() {
  return wanted ? load(false) : null;
}

async function load(fresh) {
  const no = wanted;
  let got;
  try {
    got = await api.caseFile(no);
  } catch {
    return emit("connected", false);
  }
  if (no !== wanted) return;
  pane.removeAttribute("aria-busy");
  if (got.status === 404) {
    toast(got.error, true);
    location.hash = "";
  } else if (got.ok) take(got.body, fresh);
}

/** Draw a file that came with an answer, if it is the one that stands open. */
export function take(now, fresh) {
  if (now.card.no !== wanted) return;
  const before = file && file.card.no === now.card.no ? file : null;
  file = now;
  const end = !before || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const grown = before && before.steps.length !== now.steps.length;
  if (!before) newSince = readUpTo(now.card.no);
  find("case-empty").hidden = true;
  find("case-body").hidden = false;
  put(find("case-head"), head(now, () => (location.hash = "")));
  const steps = el("div", { class: "steps" }, thread(now, newSince));
  const tied = ties(now, (into) => begin(now, "merge", { into }));
  put(scroll, facts(now, () => begin(now, "reveal")), duties(now), tied, steps, learn(now));
  drawBar();
  composeFor(now);
  markRead(now.card);
  emit("card", now.card);
  if (!before) scroll.scrollTop = find("newer") ? find("newer").offsetTop - 12 : 0;
  else if (grown && end) scroll.scrollTop = scroll.scrollHeight;
  if (fresh && document.activeElement === document.body) pane.focus();
}

function close() {
  file = null;
  find("case-empty").hidden = false;
  find("case-body").hidden = true;
  document.body.classList.remove("reading");
}

function buttons() {
  return ORDER.filter((act) => file.card.acts.indexOf(act) >= 0 && file.idle.indexOf(act) < 0 && hasButton(act));
}

/** What a button says; in the history the same act may be the citizen's own. */
function label(act) {
  if (act === "close" && file.card.pending === "close") return t("room.button.close_second");
  return t(has("room.button." + act) ? "room.button." + act : "act." + act);
}

const narrow = window.matchMedia("(max-width: 760px)");

/** The likely act first and strong, a few beside it, the rest behind "more". */
function drawBar() {
  const acts = buttons().filter((act) => act !== "reveal");
  const writing = narrow.matches ? ["answer", "note"].filter((mode) => file.card.acts.indexOf(mode) >= 0) : [];
  const front = acts.slice(0, narrow.matches ? 1 : 5);
  const rest = acts.slice(front.length);
  const first = front[0] === "claim" || front[0] === "accept";
  put(
    bar,
    front.map((act, index) => button(label(act), () => begin(file, act), first && !index ? "primary" : "")),
    writing.map((mode) => button(t("room.mode." + mode), () => write(mode), writeStyle(mode, first))),
    rest.length ? menu(rest) : null
  );
  bar.hidden = !bar.children.length;
  put(find("held"), heldBy());
  find("held").hidden = !find("held").textContent;
}

function writeStyle(mode, first) {
  return "write " + mode + (mode === "answer" && !first ? " primary" : "");
}

function heldBy() {
  const card = file.card;
  if (!card.acts.length) return t("room.case.read_only");
  const can = (act) => card.acts.indexOf(act) >= 0;
  const other = card.claimedName && can("told") && !can("answer") && !can("release");
  return other ? t("room.case.held", { who: card.claimedName }) : "";
}

function menu(acts) {
  const list = el("div", { class: "menu", hidden: true });
  const more = el("button", { type: "button", class: "button small more", "aria-expanded": "false" }, t("room.more"));
  const toggle = (open) => {
    list.hidden = !open;
    more.setAttribute("aria-expanded", String(open));
  };
  const run = (act) => () => {
    toggle(false);
    more.focus();
    begin(file, act);
  };
  put(list, acts.map((act) => el("button", { type: "button", on: { click: run(act) } }, label(act))));
  more.addEventListener("click", () => {
    toggle(list.hidden);
    if (!list.hidden) list.firstChild.focus();
  });
  const box = el("div", { class: "drop" }, more, list);
  box.addEventListener("keydown", (event) => {
    const items = Array.from(list.children);
    const index = items.indexOf(document.activeElement);
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      toggle(false);
      more.focus();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : items.length - 1;
      if (!list.hidden) items[(index + by) % items.length].focus();
    }
  });
  closeMenu = (target) => !box.contains(target) && toggle(false);
  return box;
}

let closeMenu = () => {};
document.addEventListener("click", (event) => closeMenu(event.target));
document.addEventListener("focusin", (event) => closeMenu(event.target));

narrow.addListener(() => file && drawBar());
