// One card as the group sees it: what, where, by when, and who has it.

import { at, data, dayWords, t } from "./staff.data.js";
import { button, el, put, tag } from "./staff.dom.js";
import { hasDraft, unread } from "./staff.store.js";

/** "待认领", "王芳 认领", "我认领": who has it, or that nobody has. */
export function holder(card) {
  if (card.claimedBy === data.me.id) return t("room.card.mine");
  if (card.claimedBy) return t("room.card.claimed", { who: card.claimedName });
  if (card.light === "done") return "";
  return t(card.acts.indexOf("claim") >= 0 ? "room.card.unclaimed" : "room.card.nobody");
}

export function lightTag(card) {
  if (!card.due) return null;
  return tag("light " + card.light, el("span", { class: "lamp", "aria-hidden": "true" }), card.due);
}

export function stateTag(card) {
  return tag("state " + card.state, t("state." + card.state));
}

/** An empty card; `draw` fills it and may be called again when the case has moved. */
export function newCard(no) {
  return el("article", { "aria-labelledby": "no-" + no, "data-no": no, class: "card" });
}

/** Draw `card` into `node`, unless it shows just that already. */
export function draw(node, card, options) {
  const fresh = unread(card);
  const draft = hasDraft(card.no);
  const print = JSON.stringify([card, fresh, draft, options.open]);
  if (node.dataset.print === print) return;
  node.dataset.print = print;
  const focused = node.contains(document.activeElement);
  node.className = "card " + card.light + (fresh ? " unread" : "") + (options.open ? " current" : "");
  const link = el("a", { class: "no", id: "no-" + card.no, href: "#" + card.no }, card.no);
  if (options.open) link.setAttribute("aria-current", "true");
  put(
    node,
    el(
      "div",
      { class: "row" },
      fresh ? dot() : null,
      el("p", { class: "topic" }, el("b", {}, card.topic)),
      el("span", { class: "space" }),
      timeLeft(card)
    ),
    el("p", { class: "row where" }, link, card.place ? el("span", {}, card.place) : null),
    el("p", { class: "summary" }, card.summary),
    el(
      "div",
      { class: "row foot" },
      stateTag(card),
      card.score ? tag(card.score < 3 ? "score bad" : "score", t("room.score." + card.score)) : null,
      card.urgent ? tag("urgent", t("room.card.urgent")) : null,
      card.supervised ? tag("watched", t("room.card.supervised")) : null,
      draft ? tag("draft", t("room.card.draft")) : null,
      el("span", { class: "who" }, [options.unit ? card.departmentName : "", holder(card)].filter(Boolean).join(" · ")),
      el("span", { class: "space" }),
      claimable(card) ? button(t("act.claim"), () => options.claim(card), "claim") : null
    )
  );
  if (focused) link.focus();
}

function timeLeft(card) {
  return lightTag(card) || el("time", { datetime: card.openedAt }, card.tip ? dayWords(card.openedAt) : at(card.openedAt));
}

function claimable(card) {
  return card.acts.indexOf("claim") >= 0 && card.light !== "done";
}

function dot() {
  return el("span", { class: "dot", role: "img", "aria-label": t("room.card.unread") });
}
