// Writing: an internal note unless somebody says otherwise. What goes to the citizen is shown to its writer first.

import * as api from "./staff.api.js";
import { confirmReading, send, unreached } from "./staff.acts.js";
import { data, emit, t } from "./staff.data.js";
import { button, el, find, grow, put } from "./staff.dom.js";
import { draft, keepDraft } from "./staff.store.js";

const MODES = ["note", "answer", "ask"];
const pane = find("composer");
let file = null;
let mode = "note";
let attached = [];
let parts = null;

/** Show the composer for a case. Called again when the case moves: what is being written stays. */
export function composeFor(now) {
  const same = file && file.card.no === now.card.no;
  file = now;
  const modes = modesOf(now);
  pane.hidden = !modes.length;
  if (!modes.length) return;
  if (same && parts && modes.join() === parts.modes.join()) return drawKept(modes);
  const typed = same && parts ? { mode, text: parts.box.value, focus: document.activeElement === parts.box } : null;
  if (!same) {
    attached = [];
    folded();
  }
  build(modes);
  choose(typed && modes.indexOf(typed.mode) >= 0 ? typed.mode : "note");
  if (typed && typed.focus) parts.box.focus();
  drawKept(modes);
}

/** What was written for the citizen before somebody else took the case: not lost, and to be used otherwise. */
function drawKept(modes) {
  const lost = MODES.filter((one) => modes.indexOf(one) < 0 && draft(file.card.no, one));
  put(parts.kept, lost.map((one) => {
    const text = draft(file.card.no, one);
    const drop = () => {
      keepDraft(file.card.no, one, "");
      drawKept(modes);
    };
    const turn = () => {
      const note = draft(file.card.no, "note");
      keepDraft(file.card.no, "note", note ? note + "\n" + text : text);
      drop();
      write("note");
    };
    return el(
      "div",
      { class: "kept" },
      el("p", {}, el("b", {}, t("room.compose.kept", { mode: t("room.mode." + one) }))),
      el("p", { class: "words" }, text),
      el("div", { class: "row" }, button(t("room.compose.kept_drop"), drop), button(t("room.compose.kept_note"), turn))
    );
  }));
}

function modesOf(now) {
  return MODES.filter((one) => now.card.acts.indexOf(one) >= 0);
}

function build(modes) {
  const tabs = modes.map((one) => {
    const on = { click: () => write(one) };
    return el("button", { type: "button", class: "mode " + one, "data-mode": one, on }, t("room.mode." + one));
  });
  const on = { input: typing, keydown: hotkey };
  const box = el("textarea", { id: "writing", rows: 2, maxlength: data.limits.text, on });
  const error = el("p", { class: "error", role: "alert" });
  const picker = el("input", { type: "file", multiple: true, class: "sr", id: "attach", on: { change: pick } });
  const attach = el("label", { class: "button small quiet attach", for: "attach" }, t("room.compose.attach"));
  const go = el("button", { type: "button", class: "button small primary", on: { click: submit } });
  const fold = el("button", { type: "button", class: "quiet fold", on: { click: folded } }, t("room.compose.fold"));
  const list = el("div", { class: "files" });
  const kept = el("div", {});
  parts = { modes, tabs, box, error, attach, go, list, kept };
  put(
    pane,
    kept,
    el("div", { class: "modes", role: "group", "aria-label": t("room.mode.label") }, tabs, fold),
    el("label", { class: "sr", for: "writing" }, t("room.compose.label")),
    box,
    list,
    error,
    el("div", { class: "row" }, picker, attach, el("span", { class: "space hint" }, t("room.compose.hint")), go)
  );
}

/** Open the composer in one mode and put the cursor into it. */
export function write(one) {
  if (!parts || pane.hidden || parts.modes.indexOf(one) < 0) return false;
  choose(one);
  pane.classList.add("open");
  document.body.classList.add("writing");
  parts.box.focus();
  return true;
}

function folded() {
  pane.classList.remove("open");
  document.body.classList.remove("writing");
}

function choose(one) {
  mode = one;
  pane.className = (pane.classList.contains("open") ? "open " : "") + "composer " + one;
  parts.tabs.forEach((tab) => tab.setAttribute("aria-pressed", String(tab.dataset.mode === one)));
  parts.box.placeholder = t("room.compose." + one);
  parts.box.value = draft(file.card.no, one);
  parts.go.textContent = t("room.compose.go_" + one);
  parts.error.textContent = "";
  grow(parts.box);
  drawFiles();
}

function typing() {
  grow(parts.box);
  keepDraft(file.card.no, mode, parts.box.value);
}

function hotkey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
}

async function submit() {
  const text = parts.box.value.trim();
  if (!text) {
    parts.error.textContent = t("illegal.empty");
    return parts.box.focus();
  }
  if (attached.some((one) => !one.id)) return void (parts.error.textContent = t("room.compose.uploading"));
  const order = { case: file.card.no, act: mode, rev: file.card.rev, text, fields: {} };
  Object.assign(order, { attachments: attached.map((one) => one.id), unreached: unreached(file) });
  const was = { no: file.card.no, mode };
  parts.go.disabled = true;
  const why = mode === "note" ? await send(order) : await confirmReading(order, () => sent(was));
  parts.go.disabled = false;
  parts.error.textContent = why;
  if (mode === "note" && !why) sent(was);
}

/** It went: the draft is done with, and the next thing written is a note again. */
function sent(was) {
  keepDraft(was.no, was.mode, "");
  if (!file || file.card.no !== was.no) return;
  attached = [];
  choose("note");
  folded();
  emit("sent", was.no);
}

async function pick(event) {
  const room = data.limits.files - attached.length;
  const chosen = Array.from(event.target.files);
  event.target.value = "";
  if (chosen.length > room) parts.error.textContent = t("room.error.too_many_files", { n: data.limits.files });
  for (const one of chosen.slice(0, room)) await attach(one);
}

async function attach(chosen) {
  const entry = { name: chosen.name, id: "" };
  attached.push(entry);
  drawFiles();
  const got = await api.upload(chosen).catch(() => ({ ok: false, error: t("room.error.offline") }));
  if (got.ok) entry.id = got.body.id;
  else {
    attached = attached.filter((one) => one !== entry);
    parts.error.textContent = chosen.name + "：" + got.error;
  }
  drawFiles();
}

function drawFiles() {
  put(parts.list, attached.map((entry) => {
    const drop = () => {
      attached = attached.filter((one) => one !== entry);
      drawFiles();
    };
    const label = t("room.compose.drop", { name: entry.name });
    const cross = el("button", { type: "button", class: "quiet", "aria-label": label, on: { click: drop } }, "×");
    return el("span", { class: "file" + (entry.id ? "" : " busy") }, entry.name, cross);
  }));
}
