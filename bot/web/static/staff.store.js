// What this browser remembers for this person: drafts, what was read, the sound. Nothing here leaves it.

import { data } from "./staff.data.js";

const PREFIX = "zt-staff-" + data.me.id + "-";
const KEPT = 500;

function read(name) {
  try {
    return localStorage.getItem(PREFIX + name) || "";
  } catch {
    return "";
  }
}

function write(name, value) {
  try {
    if (value) localStorage.setItem(PREFIX + name, value);
    else localStorage.removeItem(PREFIX + name);
  } catch {
    // a full or forbidden storage loses a draft on reload, not the page
  }
}

export function draft(no, mode) {
  return read("draft-" + no + "-" + mode);
}

export function keepDraft(no, mode, text) {
  write("draft-" + no + "-" + mode, text);
}

function draftKeys() {
  try {
    return Object.keys(localStorage).filter((key) => key.indexOf(PREFIX + "draft-") === 0);
  } catch {
    return [];
  }
}

export function hasDraft(no) {
  return draftKeys().some((key) => key.indexOf(PREFIX + "draft-" + no + "-") === 0);
}

export function draftCount() {
  return draftKeys().length;
}

export function dropDrafts() {
  draftKeys().forEach((key) => localStorage.removeItem(key));
}

export function pref(name) {
  return read("pref-" + name);
}

export function keepPref(name, value) {
  write("pref-" + name, value);
}

// What has been read: a revision by case number, and the one up to which it was opened. Cases older than the
// first visit count as read.
const seen = JSON.parse(read("seen") || "null") || { base: Date.now(), revs: {}, opened: {} };

export function unread(card) {
  const known = seen.revs[card.no];
  if (known !== undefined) return card.rev > known;
  return new Date(card.openedAt).getTime() > seen.base;
}

/** The revision up to which this person has opened a case; 0 for one never opened here. */
export function readUpTo(no) {
  return seen.opened[no] || 0;
}

export function markRead(card) {
  newest(seen.revs, card);
  newest(seen.opened, card);
  write("seen", JSON.stringify(seen));
}

/** Remember cards shown for the first time, so that only what happens from now on is news. */
export function meet(cards) {
  cards.filter((card) => !(card.no in seen.revs) && !unread(card)).forEach((card) => newest(seen.revs, card));
  write("seen", JSON.stringify(seen));
}

/** Put a card's revision at the end of `revs`, which forgets its oldest. */
function newest(revs, card) {
  const known = revs[card.no] || 0;
  delete revs[card.no];
  revs[card.no] = Math.max(known, card.rev);
  const numbers = Object.keys(revs);
  numbers.slice(0, Math.max(0, numbers.length - KEPT)).forEach((no) => delete revs[no]);
}
