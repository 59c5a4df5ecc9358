// The story of a case as a conversation: the citizen left, the office right, internal notes in their own colour.

import { dayWords, has, hour, size, t } from "./staff.data.js";
import { el, tag } from "./staff.dom.js";

const OFFICE = ["answer", "ask", "refuse", "close", "told", "extend", "progress"];
const TOLD = ["answer", "ask", "refuse", "close", "extend", "progress"];
const INTERNAL = [
  "request", "decline", "propose", "note", "transfer", "return", "assist", "escalate", "supervise", "merge", "accuse", "reveal",
  "reopen", "split", "crosscheck", "hold", "unhold",
];

let moment = hour;

/** Every step of `file`, oldest first; days stand between them, and a line before what is new since `read`. */
export function thread(file, read) {
  let lastDay = "";
  moment = file.card.tip ? () => "" : hour; // of a tip only the day is kept
  const nodes = [];
  file.steps.forEach((step, index) => {
    const day = dayWords(step.at);
    if (day !== lastDay) nodes.push(el("p", { class: "day" }, el("span", {}, day)));
    lastDay = day;
    if (read && index === read) nodes.push(el("p", { class: "newer", id: "newer" }, el("span", {}, t("room.newer"))));
    if (!step.delivery && file.channel === "staff" && TOLD.indexOf(step.act) >= 0) step.delivery = "none";
    nodes.push(drawn(step, index === 0 ? file : null));
  });
  return nodes;
}

function drawn(step, file) {
  if (step.act === "file" && file) return filed(step, file);
  if (step.act === "second") return bubble(step, "citizen", t("room.joiner"));
  if (step.act === "review" || step.act === "checked") return bubble(step, "internal", step.who);
  if (step.by === "citizen" && holds(step)) return bubble(step, "citizen", t("room.citizen"));
  if (step.act === "note" || step.act === "reply") return bubble(step, "internal", step.who);
  if (step.by === "staff" && step.act === "supplement") return bubble(step, "citizen", t("room.citizen"));
  if (OFFICE.indexOf(step.act) >= 0 && step.text) return bubble(step, "office", step.who || t("room.system"));
  return line(step);
}

/** Whether there is anything to put into a bubble: an urge need not have words. */
function holds(step) {
  return step.text || step.facts.length || step.attachments.length || step.delivery;
}

function filed(step, file) {
  const body = [el("p", { class: "words" }, file.story || t(file.minor ? "room.case.minor" : "room.case.no_words")), files(file.attachments)];
  return framed("citizen", el("span", {}, t("room.citizen"), " · ", t("act.file")), step, body);
}

function bubble(step, side, who) {
  const head = el("span", {}, side === "internal" ? tag("internal", t("room.internal")) : null, who, " · ", name(step));
  const words = step.text ? el("p", { class: "words" }, step.text) : null;
  return framed(side, head, step, [words, facts(step), files(step.attachments), sent(step)]);
}

function framed(side, head, step, body) {
  const time = el("time", { datetime: step.at }, moment(step.at));
  const by = el("p", { class: "by" }, head, time);
  return el("div", { class: "step " + side }, by, el("div", { class: "bubble" }, body));
}

/** What happened without words for the citizen: one quiet line, the remark under it marked as internal. */
function line(step) {
  const who = step.who || t(step.by === "clock" ? "room.system" : "room.citizen");
  const to = ["transfer", "return", "escalate", "accuse"].indexOf(step.act) >= 0 && step.department ? "→ " + step.department : "";
  const remark = step.text && INTERNAL.indexOf(step.act) >= 0;
  return el(
    "div",
    { class: "step line" },
    el("p", {}, el("b", {}, who), " ", name(step), " ", to, " ", el("time", { datetime: step.at }, moment(step.at))),
    step.text ? el("p", { class: "remark" }, remark ? tag("internal", t("room.internal")) : null, step.text) : null,
    facts(step),
    letter(step),
    files(step.attachments),
    sent(step)
  );
}

/** The 督办 letter, on a page of its own to be printed. */
function letter(step) {
  if (!step.letter) return null;
  const where = { class: "paper", href: step.letter, target: "_blank", rel: "noopener" };
  return el("p", {}, el("a", where, t("room.letter.open")));
}

function name(step) {
  return t("act." + step.act);
}

function facts(step) {
  if (!step.facts.length) return null;
  return el(
    "dl",
    { class: "facts" },
    step.facts.map((fact) => el("div", {}, el("dt", {}, fact[0]), el("dd", {}, fact[1])))
  );
}

/** What became of the letter about it. */
function sent(step) {
  if (!step.delivery || !has("room.delivery." + step.delivery)) return null;
  return el("p", { class: "sent " + step.delivery }, t("room.delivery." + step.delivery));
}

export function files(list) {
  if (!list.length) return null;
  return el("div", { class: "files" }, list.map(file));
}

function file(one) {
  const label = one.name || t("room.file." + one.kind);
  if (one.kind === "photo") {
    const image = el("img", { src: one.url, alt: label, loading: "lazy" });
    return el("a", { class: "photo", href: one.url, target: "_blank", rel: "noopener", title: label }, image);
  }
  if (one.kind === "voice") return el("audio", { controls: true, preload: "none", src: one.url, "aria-label": label });
  if (one.kind === "video") return el("video", { controls: true, preload: "none", src: one.url, "aria-label": label });
  const where = { class: "file", href: one.url, target: "_blank", rel: "noopener" };
  return el("a", where, label, el("small", {}, size(one.size)));
}
