// What else an open case hangs together with: like cases, merges both ways, how many joined, what it still owes.

import { stateTag } from "./staff.card.js";
import { at, t } from "./staff.data.js";
import { button, el, tag } from "./staff.dom.js";

/** The box under the facts; null where there is nothing to say. `merge(no)` begins a merge into that case. */
export function ties(file, merge) {
  const known = file.ties;
  if (!known) return null;
  const lines = [repeat(known), checking(known), linked("into", known.into ? [known.into] : []), linked("merged", known.merged)];
  if (known.joined) lines.push(el("p", { class: "joined" }, t("room.ties.joined", { n: known.joined })));
  lines.push(alike(known.alike, file.card.acts.indexOf("merge") >= 0 ? merge : null));
  const told = lines.filter(Boolean);
  return told.length ? el("div", { class: "ties" }, told) : null;
}

function repeat(known) {
  if (!known.repeat) return null;
  const before = known.repeatOf ? [t("room.ties.repeat_of"), link(known.repeatOf)] : null;
  const sheet = tag(known.reviewed ? "plain" : "urgent", t(known.reviewed ? "room.ties.reviewed" : "room.ties.owed"));
  return el("p", { class: "repeat" }, el("b", {}, t("room.ties.repeat")), before, sheet);
}

function checking(known) {
  return known.checker ? el("p", {}, t("room.ties.checker", { unit: known.checker })) : null;
}

function linked(name, numbers) {
  return numbers.length ? el("p", {}, t("room.ties." + name) + " ", numbers.map(link)) : null;
}

const narrow = window.matchMedia("(max-width: 760px)");

/** Folded on a phone, where the story would not be seen for them. */
function alike(list, merge) {
  if (!list.length) return null;
  const rows = list.map((one) =>
    el(
      "li",
      {},
      el(
        "div",
        {},
        el("p", {}, link(one.no), stateTag(one), one.why.map((why) => tag("plain", why))),
        el("p", { class: "soft" }, [one.topic, one.place, at(one.openedAt)].filter(Boolean).join(" · "))
      ),
      merge && one.open ? button(t("room.ties.merge"), () => merge(one.no)) : null
    )
  );
  const title = t("room.ties.title", { n: list.length });
  return el("details", { open: !narrow.matches }, el("summary", {}, title), el("ul", {}, rows));
}

function link(no) {
  return el("a", { class: "no", href: "#" + no }, no);
}
