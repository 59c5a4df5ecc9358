// The talk on the screen: order, dates, what is still on its way, and where the reader stands in it.
import { dayLine, decorate, messageNode, optionsNode, stamp, viewPhoto } from "./citizen.message.js";
import { el, find, t } from "./citizen.words.js";

const log = find("log");
const newest = find("newest");
const seen = new Set();
const waiting = new Map(); // key of an unsent message -> its bubble
const unnamed = []; // bubbles the server has taken whose letter we have not seen yet

let press = () => {};
let wants = () => {};

/** Take over the talk the server has drawn. `onPress` gets clicks on choices, `onWants` what input is awaited. */
export function adopt(onPress, onWants) {
  press = onPress;
  wants = onWants;
  for (const node of log.querySelectorAll(".m")) {
    if (node.dataset.id) seen.add(Number(node.dataset.id));
    const words = node.querySelector(".words");
    if (words) decorate(words);
  }
  for (const button of log.querySelectorAll(".option")) button.addEventListener("click", press);
  const live = log.querySelector('.m[data-wants]:not([data-wants=""])');
  if (live) wants(live.dataset.wants);
  log.addEventListener("click", (event) => {
    const link = event.target.closest("a.photo");
    if (link) {
      event.preventDefault();
      viewPhoto(link);
    }
  });
  newest.addEventListener("click", toEnd);
  addEventListener("scroll", () => atEnd() && (newest.hidden = true), { passive: true });
}

export const lastId = () => Math.max(0, ...seen);
export const empty = () => seen.size === 0 && waiting.size === 0;

export function firstId() {
  return seen.size ? Math.min(...seen) : 0;
}

/** A bubble for something just said, before the server knows. */
export function say(item, again) {
  const paragraphs = (item.label || item.text || "").split("\n\n").filter(Boolean);
  if (item.place) paragraphs.push(t("place_sent"));
  for (const old of log.querySelectorAll(".state.sent")) old.remove();
  const node = messageNode({ from: "me", attachments: item.files || [], paragraphs: paragraphs.map((text) => ({ text })) });
  node.classList.add("waiting");
  node.again = again;
  if (!item.silent) {
    log.append(node);
    toEnd();
  }
  waiting.set(item.key, node);
}

/** Show how far a message of ours is: "sending", "sent", "failed", "waiting", or "refused" with the reason. */
export function mark(key, state, why, edit) {
  const node = waiting.get(key);
  if (!node) return;
  const end = atEnd();
  for (const old of node.querySelectorAll(".state")) old.remove();
  node.classList.toggle("waiting", state !== "sent");
  const foot = node.querySelector(".foot");
  if (state === "failed") {
    foot.append(el("button", { type: "button", class: "state", click: node.again }, t("failed")));
  } else if (state === "refused") {
    foot.append(el("span", { class: "state why", role: "alert" }, t("refused", { why })));
    if (edit) foot.append(el("button", { type: "button", class: "state", click: () => (node.remove(), edit()) }, t("edit")));
  } else {
    foot.append(el("span", { class: `state ${state}` }, t(state)));
  }
  if (end) toEnd();
  if (state === "sent" || state === "refused") waiting.delete(key);
  if (state === "sent" && node.isConnected && !node.dataset.id) unnamed.push(node);
}

/** The server's answer to a message of ours. */
export function settle(key, messages) {
  const node = waiting.get(key);
  const mine = messages.find((message) => message.from === "me");
  if (node && mine && !seen.has(mine.id)) name(node, mine);
  else if (node && mine && node.dataset.id !== String(mine.id)) node.remove();
  mark(key, "sent");
  for (const message of messages) add(message, node && node.isConnected ? node : null);
}

/** What the office keeps no longer does not stay on the screen either, whoever takes up the telephone next. */
export function forget(key) {
  waiting.delete(key);
  const unsent = Array.from(waiting.values());
  for (const node of Array.from(log.children)) if (!unsent.includes(node)) node.remove();
}

function name(node, message) {
  seen.add(message.id);
  node.dataset.id = message.id;
  node.dataset.at = message.at;
  stamp(node, message.at);
  const day = lastDay(node);
  if (node.isConnected && day !== message.at.slice(0, 10)) node.before(dayLine(message.at));
}

function lastDay(before) {
  let day = "";
  for (const line of log.querySelectorAll(".day")) {
    if (!before || before.compareDocumentPosition(line) & Node.DOCUMENT_POSITION_PRECEDING) day = line.dataset.day;
  }
  return day;
}

/** A letter from the server, by whichever road it came; a second time it changes nothing. One not kept has no id. */
export function add(message, question) {
  if (seen.has(message.id)) return;
  const own = message.from === "me" ? unnamed.shift() || sameWords(message) : null;
  if (own) return name(own, message);
  if (message.id) seen.add(message.id);
  if (!message.paragraphs.length && !message.attachments.length && !message.options.length) return;
  const follow = question || atEnd();
  const node = messageNode(message);
  const unsent = Array.from(waiting.values()).find((bubble) => bubble.isConnected);
  log.insertBefore(node, unsent || null);
  if (lastDay(node) !== message.at.slice(0, 10)) log.insertBefore(dayLine(message.at), node);
  if (message.from === "office") offer(message, node);
  reveal(node, follow, question);
}

function sameWords(message) {
  const text = message.paragraphs.map((part) => part.text).join("\n\n");
  for (const node of waiting.values()) {
    const said = Array.from(node.querySelectorAll(".words > p"), (p) => p.textContent).join("\n\n");
    if (node.isConnected && said === text) return node;
  }
  return null;
}

/** A notice wants nothing: what was asked before it can still be pressed, once, but numbers mean what came last. */
function offer(message, node) {
  const notice = message.wants === "nothing";
  const again = message.options.map((option) => option.token);
  for (const old of log.querySelectorAll(notice ? ".options .no" : ".options")) old.remove();
  for (const old of log.querySelectorAll(".option")) if (again.includes(old.value)) old.remove();
  if (message.options.length) node.append(optionsNode(message.options, press));
  if (!notice) wants(message.wants);
  if (document.activeElement === document.body) node.focus({ preventScroll: true });
}

/** The choice that was pressed stays marked; the others can no longer be pressed. */
export function choose(button) {
  for (const other of log.querySelectorAll(".option")) other.disabled = true;
  button.classList.add("chosen");
}

export function unchoose() {
  for (const button of log.querySelectorAll(".option")) {
    button.disabled = false;
    button.classList.remove("chosen");
  }
}

/** Letters from before what is shown, put on top without moving what is being read. */
export function prepend(messages) {
  const height = document.documentElement.scrollHeight;
  const old = log.querySelector(".day");
  const bits = document.createDocumentFragment();
  let day = "";
  for (const message of messages) {
    if (seen.has(message.id)) continue;
    seen.add(message.id);
    if (message.at.slice(0, 10) !== day) bits.append(dayLine(message.at));
    day = message.at.slice(0, 10);
    if (message.paragraphs.length || message.attachments.length) bits.append(messageNode(message));
  }
  if (old && old.dataset.day === day) old.remove();
  log.setAttribute("aria-busy", "true");
  log.prepend(bits);
  scrollBy(0, document.documentElement.scrollHeight - height);
  setTimeout(() => log.removeAttribute("aria-busy"), 500);
}

export function atEnd() {
  return innerHeight + pageYOffset > document.documentElement.scrollHeight - 120;
}

export function toEnd() {
  newest.hidden = true;
  scrollTo(0, document.documentElement.scrollHeight);
}

/** Bring a new message into sight from its beginning, with the words it answers; elsewhere, only tell of it. */
function reveal(node, follow, question) {
  if (!follow) {
    newest.textContent = t("new_below");
    newest.hidden = false;
    return;
  }
  toEnd();
  const short = question && question.isConnected && question.offsetHeight < innerHeight * 0.3;
  const top = (short ? question : node).getBoundingClientRect().top - 72;
  if (top < 0) scrollBy(0, top);
}
