// What the page was given: words, lists, who is in. The proof may be renewed while the page is open.

export const data = JSON.parse(document.getElementById("room-data").textContent);

const GAP = /\{([a-z_]+)\}/g;

export function has(key) {
  return Object.prototype.hasOwnProperty.call(data.texts, key);
}

/** The text under `key`, its gaps filled; the key itself when the text is missing. */
export function t(key, gaps) {
  if (!has(key)) return key;
  return data.texts[key].replace(GAP, (whole, name) => (gaps && name in gaps ? String(gaps[name]) : whole));
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const local = { timeZone: data.zone, hour12: false };
const locale = data.lang === "en" ? "en-GB" : "zh-CN";
const timeOf = new Intl.DateTimeFormat(locale, Object.assign({ hour: "2-digit", minute: "2-digit" }, local));
const dayOf = new Intl.DateTimeFormat(locale, Object.assign({ month: "short", day: "numeric" }, local));
const dateOf = new Intl.DateTimeFormat(
  "en-CA",
  Object.assign({ year: "numeric", month: "2-digit", day: "2-digit" }, local)
);

/** The day of a moment where the office is, as 2026-11-22. */
export function isoDay(moment) {
  return dateOf.format(moment);
}

/** "10:32" today, "11月20日 10:32" on any other day. */
export function at(iso) {
  return isToday(iso) ? hour(iso) : dayOf.format(new Date(iso)) + " " + hour(iso);
}

export function hour(iso) {
  return timeOf.format(new Date(iso)).replace(/^24/, "00"); // what some browsers call midnight
}

/** "今天", "11月20日". */
export function dayWords(iso) {
  return isToday(iso) ? t("room.today") : dayOf.format(new Date(iso));
}

function isToday(iso) {
  return isoDay(new Date(iso)) === isoDay(new Date());
}

export function size(bytes) {
  return bytes < 1048576 ? Math.max(1, Math.round(bytes / 1024)) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
}

/** A tiny switchboard, so that the parts of the room need not know each other. */
const listeners = {};
export function on(name, listener) {
  (listeners[name] = listeners[name] || []).push(listener);
}
export function emit(name, value) {
  (listeners[name] || []).forEach((listener) => listener(value));
}
