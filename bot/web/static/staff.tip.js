// The name behind a tip: asked for with a reason, granted by another custodian, shown for as long as the lease lasts.

import * as api from "./staff.api.js";
import { at, hour, t } from "./staff.data.js";
import { dialog } from "./staff.dialog.js";
import { button, el, put, toast } from "./staff.dom.js";

let shown = null; // { no, name, phone, until }: what this page may show now
let fading = 0;

/** Where the name of a tip stands; empty and quiet until the house says who asked. */
export function identity(no) {
  const box = el("div", { class: "identity", role: "group", "aria-label": t("room.tip.identity") });
  put(box, el("span", { class: "gap" }, t("room.tip.sealed")));
  listed(box, no, api.tip(no, "asked"));
  return box;
}

async function listed(box, no, asking) {
  let got;
  try {
    got = await asking;
  } catch {
    return toast(t("room.error.offline"), true);
  }
  if (!got.ok) return toast(got.error || t("room.error.broken"), true);
  draw(box, no, got.body.asked);
}

function draw(box, no, asked) {
  const own = asked.find((one) => one.mine && (one.state === "waiting" || one.state === "open"));
  const known = shown && shown.no === no && new Date(shown.until) > new Date() ? shown : null;
  put(
    box,
    el("span", { class: "gap" }, t("room.tip.sealed")),
    known ? name(known) : null,
    own && own.state === "open" && !known ? button(t("room.tip.look"), () => look(box, no), "look") : null,
    own ? null : button(t("room.tip.ask"), () => ask(box, no), "look"),
    asked.map((one) => row(box, no, one))
  );
}

function name(known) {
  const call = known.phone ? el("a", { href: "tel:" + known.phone.replace(/[^\d+]/g, "") }, known.phone) : null;
  const until = el("span", { class: "soft" }, t("room.tip.until", { at: hour(known.until) }));
  return el("p", { class: "contact" }, el("b", {}, known.name), known.name ? " " : null, call, " ", until);
}

function row(box, no, one) {
  const words = t("room.tip.state." + one.state, { by: one.by, at: one.until ? hour(one.until) : "" });
  const line = el("p", { class: "asked" }, t("room.tip.asked", { who: one.who, at: at(one.at), reason: one.reason }));
  const said = el("p", { class: "soft" }, words);
  const mayDecide = one.state === "waiting" && !one.mine;
  const yes = () => decide(box, no, one, true);
  const no_ = () => decide(box, no, one, false);
  const ends = el("div", { class: "ends" }, button(t("room.tip.deny"), no_), button(t("room.tip.grant"), yes, "primary"));
  return el("div", { class: "asking " + one.state }, line, mayDecide ? ends : said);
}

function decide(box, no, one, granted) {
  return listed(box, no, api.tip(no, "decide", { id: one.id, granted }));
}

async function look(box, no) {
  let got;
  try {
    got = await api.tip(no, "look", {});
  } catch {
    return toast(t("room.error.offline"), true);
  }
  if (!got.ok) return toast(got.error || t("room.error.broken"), true);
  shown = { no, name: got.body.name, phone: got.body.phone, until: got.body.until };
  clearTimeout(fading);
  const left = Math.max(0, new Date(shown.until) - new Date());
  fading = setTimeout(() => {
    shown = null;
    if (document.contains(box)) listed(box, no, api.tip(no, "asked"));
  }, left);
  return listed(box, no, api.tip(no, "asked"));
}

function ask(box, no) {
  const input = el("textarea", { rows: 3, maxlength: 200, "data-first": true });
  const error = el("p", { class: "error", role: "alert" });
  const go = el("button", { type: "submit", class: "button small primary" }, t("room.tip.ask"));
  const body = el(
    "form",
    { class: "body", novalidate: true },
    el("p", { class: "lead warn" }, t("room.tip.lead")),
    el("label", { class: "field" }, el("span", {}, t("room.tip.reason")), input),
    error,
    el("div", { class: "ends" }, go)
  );
  const box_ = dialog(t("room.tip.ask"), body);
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    let got;
    try {
      got = await api.tip(no, "ask", { reason: input.value.trim() });
    } catch {
      got = { ok: false, error: t("room.error.offline") };
    }
    go.disabled = false;
    error.textContent = got.ok ? "" : got.error || t("room.error.broken");
    if (!got.ok) return;
    box_.close();
    draw(box, no, got.body.asked);
  });
}
