// Doing things to a case: the form if there is one, what the citizen will read, and the answer if it is no.

import * as api from "./staff.api.js";
import { data, emit, has, t } from "./staff.data.js";
import { dialog } from "./staff.dialog.js";
import { el, put, toast } from "./staff.dom.js";
import { FORMS, form } from "./staff.forms.js";

// These the citizen never hears of, so there is nothing to preview.
const SILENT = [
  "claim", "release", "note", "reveal", "mute", "unmute", "hold", "unhold", "told", "supplement",
  "request", "decline", "reply", "conclude",
  "review", "crosscheck", "checked",
];
const AT_ONCE = ["claim", "release"];
const WARNED = ["refuse", "reveal", "mute", "close", "unhold"];

/** Begin an act by its button; `given` are fields that are known already. */
export function begin(file, act, given) {
  const order = { case: file.card.no, act, rev: file.card.rev, text: "", fields: {}, attachments: [] };
  order.unreached = unreached(file);
  if (AT_ONCE.indexOf(act) >= 0) return send(order).then((why) => why && toast(why, true));
  if (given) {
    order.fields = given;
    return confirmReading(order);
  }
  const asked = form(act, file);
  const fields = asked.nodes.length ? asked : null;
  return fields || SILENT.indexOf(act) >= 0 ? formDialog(order, fields) : confirmReading(order);
}

/** Whether no channel leads to the person: somebody else wrote the case down for them. */
export function unreached(file) {
  return file.channel === "staff";
}

/** Do `order` now. Gives the words of the refusal, "" when it was done. The case as it is now is announced. */
export async function send(order) {
  let got;
  try {
    got = await api.act(order);
  } catch {
    return t("room.error.offline");
  }
  if (got.body.file) {
    order.rev = got.body.file.card.rev;
    emit("file", got.body.file);
  }
  if (got.ok && !got.body.file && order.case) emit("left", order.case);
  if (got.ok) toast(t("room.done." + (order.act in DONE ? order.act : "other"), { act: t("act." + order.act) }));
  return got.ok ? "" : got.error || t("room.error.broken");
}

const DONE = { answer: 1, ask: 1, note: 1, claim: 1, reveal: 1, review: 1 };

function formDialog(order, fields) {
  const error = el("p", { class: "error", role: "alert" });
  const name = t(has("room.button." + order.act) ? "room.button." + order.act : "act." + order.act);
  const go = el("button", { type: "submit", class: "button small primary" }, name);
  const body = el(
    "form",
    { class: "body", novalidate: true },
    el("p", { class: WARNED.indexOf(order.act) >= 0 ? "lead warn" : "lead" }, lead(order)),
    fields ? fields.nodes : null,
    error,
    el("div", { class: "ends" }, go)
  );
  const shown = dialog(name, body);
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    const got = fields ? fields.read() : { text: "", fields: {}, files: [] };
    if (got.missing) {
      error.textContent = t("room.form.missing");
      return got.missing.input.focus();
    }
    Object.assign(order, { text: got.text, fields: got.fields, attachments: got.files });
    go.disabled = true;
    const why = SILENT.indexOf(order.act) >= 0 ? await send(order) : await previewed(order, shown);
    go.disabled = false;
    if (why === null) return;
    error.textContent = why;
    if (!why) shown.close();
  });
}

function lead(order) {
  return t("room.form." + order.act + ".lead", { days: data.limits.mute });
}

/** Preview inside a form: null when the reader has gone on to the confirming dialog. */
async function previewed(order, behind) {
  const text = await reading(order);
  if (typeof text !== "string") return text.why;
  if (!text) return send(order);
  confirmDialog(order, text, behind.close);
  return null;
}

async function reading(order) {
  try {
    const got = await api.preview(order);
    if (got.body.file) {
      order.rev = got.body.file.card.rev;
      emit("file", got.body.file);
    }
    return got.ok ? got.body.text : { why: got.error || t("room.error.broken") };
  } catch {
    return { why: t("room.error.offline") };
  }
}

/** Show exactly what the citizen will read, and send it only then. `sent` is called when it went. */
export async function confirmReading(order, sent) {
  const text = await reading(order);
  if (typeof text !== "string") {
    toast(text.why, true);
    return text.why;
  }
  confirmDialog(order, text, sent);
  return "";
}

function confirmDialog(order, text, sent) {
  const error = el("p", { class: "error", role: "alert" });
  const back = el("button", { type: "button", class: "button small" }, t("room.preview.back"));
  const go = el("button", { type: "button", class: "button small primary" }, t("room.preview.send"));
  const count = order.attachments.length;
  // the letter has the focus, not the button: it is read first, and a key held too long sends nothing
  const letter = text ? el("blockquote", { class: "letter", tabindex: "0", "data-first": true }, text) : null;
  const shown = dialog(
    t("room.preview.title"),
    el(
      "div",
      { class: "body" },
      order.fields.into ? el("p", { class: "lead" }, t("room.ties.merging", { into: order.fields.into })) : null,
      el("p", { class: "lead" }, t(text ? "room.preview.lead" : "room.preview.nothing", { no: order.case })),
      letter,
      order.unreached && text ? el("p", { class: "lead warn" }, t("room.preview.unreached")) : null,
      count ? el("p", { class: "soft" }, t("room.preview.files", { n: count })) : null,
      error,
      el("div", { class: "ends" }, back, go)
    ),
    { style: "preview" }
  );
  back.addEventListener("click", shown.close);
  go.addEventListener("click", async () => {
    go.disabled = true;
    put(error);
    const rev = order.rev;
    const why = await send(order);
    const letterNow = why && order.rev !== rev ? await reading(order) : "";
    go.disabled = false;
    error.textContent = letterNow.why || why;
    if (letterNow.why) go.hidden = true;
    else if (letterNow && letter) letter.textContent = letterNow;
    if (why) return;
    shown.close();
    if (sent) sent();
  });
}

/** Whether an act has a button of its own: the composer has the three that begin with writing. */
export function hasButton(act) {
  return act in FORMS || AT_ONCE.indexOf(act) >= 0 || act === "accept" || /mute$/.test(act);
}
