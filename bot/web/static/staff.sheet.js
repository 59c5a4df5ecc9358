// The head of an open case and what is known of it.

import { holder, stateTag } from "./staff.card.js";
import { at, dayWords, hour, t } from "./staff.data.js";
import { button, copyButton, el, tag } from "./staff.dom.js";
import { identity } from "./staff.tip.js";

/** Number, matter, where it stands, who has it, how much time is left. */
export function head(file, back) {
  const card = file.card;
  return [
    el("button", { type: "button", class: "quiet back", "aria-label": t("room.back"), on: { click: back } }, "‹"),
    el(
      "div",
      { class: "what" },
      el("div", { class: "row" }, el("h2", {}, card.no), copyButton(card.no)),
      el("p", { class: "topic" }, el("b", {}, card.topic), card.place ? el("span", {}, card.place) : null),
      el(
        "p",
        { class: "tags" },
        stateTag(card),
        tag("kind", t("kind." + card.kind)),
        card.urgent ? tag("urgent", t("room.card.urgent")) : null,
        card.supervised ? tag("watched", t("room.card.supervised")) : null,
        el("span", { class: "who" }, [card.departmentName, holder(card)].filter(Boolean).join(" · "))
      )
    ),
    clocks(card),
  ];
}

function clocks(card) {
  if (!card.due && !card.acceptDue) return null;
  const rows = card.due ? [clock(t("room.case.answer_by"), card.due, card.answerBy, card.light)] : [];
  if (card.acceptDue) rows.unshift(clock(t("room.case.accept_by"), card.acceptDue, card.acceptBy, late(card.acceptBy)));
  return el("div", { class: "clocks" }, rows);
}

function late(iso) {
  return new Date(iso) < new Date() ? "overdue" : "calm";
}

function clock(label, words, iso, light) {
  return el(
    "p",
    { class: "clock light " + light },
    el("span", { class: "lamp", "aria-hidden": "true" }),
    el("span", {}, label),
    el("b", {}, words),
    el("time", { datetime: iso }, dayWords(iso) + " " + hour(iso))
  );
}

/** Where, when, what else was asked, and who it is from, as far as this person may know. */
export function facts(file, reveal) {
  const rows = [];
  const add = (label, value) => value && rows.push(el("div", {}, el("dt", {}, label), el("dd", {}, value)));
  add(t("room.case.place"), file.card.place);
  add(t("room.case.when"), file.when);
  file.details.forEach((pair) => add(pair[0], pair[1]));
  // of a tip only the day is kept, and no channel
  const tip = file.card.tip;
  const how = " · " + t("room.channel." + (file.channel || "web"));
  add(t("room.case.opened"), tip ? dayWords(file.card.openedAt) : at(file.card.openedAt) + how);
  add(t("room.case.from"), contact(file, reveal));
  if (file.reach) add(t("room.reach.label"), el("span", { class: "reach " + file.reach }, t("room.reach." + file.reach)));
  return el("dl", { class: "facts" }, rows);
}

/** 两告知两反馈, and what helpers owe: what became of each. Only what is open stands out. */
export function duties(file) {
  if (!file.duties || !file.duties.length) return null;
  const rows = file.duties.map((one) =>
    el(
      "li",
      { class: one.state },
      el("span", { class: "mark", "aria-hidden": "true" }, MARKS[one.state] || "·"),
      el("b", {}, one.name),
      el("span", {}, one.words, one.at ? el("time", { datetime: one.at }, " " + at(one.at)) : null)
    )
  );
  return el("section", { class: "duties" }, el("h3", {}, t("room.duty.title")), el("ul", {}, rows));
}

const MARKS = { delivered: "✓", told: "✓", replied: "✓", late: "!", gone: "–" };

function contact(file, reveal) {
  const notes = [
    file.onBehalf ? tag("plain", t("room.behalf." + file.onBehalf)) : null,
    file.minor ? tag("minor", t("room.case.minor")) : null,
  ];
  if (file.card.tip && file.contactKnown) return [identity(file.card.no), notes];
  if (!file.contactKnown) return [el("span", { class: "gap" }, t("room.case.anonymous")), notes];
  if (file.name || file.phone) {
    const call = file.phone ? el("a", { href: "tel:" + file.phone.replace(/[^\d+]/g, "") }, file.phone) : null;
    return [el("span", { class: "contact" }, file.name, file.name ? " " : null, call), notes];
  }
  const look = file.card.acts.indexOf("reveal") >= 0 ? button(t("act.reveal"), reveal, "look") : null;
  return [el("span", { class: "gap" }, t("room.case.hidden")), look, notes];
}
