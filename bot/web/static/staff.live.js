// What changes while the room is open: a stream of case numbers, or a look every so often where there is none.

import { data, emit, on, t } from "./staff.data.js";
import { find, put } from "./staff.dom.js";
import { keepPref, pref } from "./staff.store.js";

const POLL = 20000;
const FRESHEN = 240000; // the words "2 working days left" grow old by themselves
let source = null;
let waiting = [];
let gathering = 0;
let retry = 0;
let broken = false;

export function live() {
  connect();
  setInterval(() => (!source || source.readyState !== 1) && emit("stale"), POLL);
  setInterval(() => emit("stale"), FRESHEN);
  document.addEventListener("visibilitychange", () => !document.hidden && emit("stale"));
  window.addEventListener("online", () => connect());
  window.addEventListener("offline", () => emit("connected", false));
}

function connect() {
  if (!window.EventSource) return;
  clearTimeout(retry);
  if (source) source.close();
  source = new EventSource("/staff/events");
  source.addEventListener("hello", () => {
    if (broken) emit("stale");
    emit("connected", true);
  });
  source.addEventListener("case", (event) => gather(JSON.parse(event.data).no));
  source.addEventListener("reload", () => emit("stale"));
  source.addEventListener("gone", (event) => {
    source.close();
    if (JSON.parse(event.data).in) location.reload();
    else emit("login");
  });
  source.addEventListener("error", () => {
    emit("connected", false);
    if (source.readyState === 2) retry = setTimeout(connect, 5000 + Math.random() * 5000);
  });
}

/** Several changes at once are one look. */
function gather(no) {
  if (waiting.indexOf(no) < 0) waiting.push(no);
  clearTimeout(gathering);
  gathering = setTimeout(() => {
    const numbers = waiting;
    waiting = [];
    emit("changed", numbers);
  }, 250);
}

on("connected", (fine) => {
  broken = !fine;
  const banner = find("offline");
  clearTimeout(banner.timer);
  // a stream that comes back at once is nobody's business
  if (fine) banner.hidden = true;
  else banner.timer = setTimeout(() => (banner.hidden = !broken), 3000);
});

// The sound, off until somebody turns it on: two short notes, made here.
let audio = null;

export function soundButton() {
  const node = find("sound");
  const show = () => {
    node.setAttribute("aria-pressed", String(pref("sound") === "on"));
    put(node, t(pref("sound") === "on" ? "room.sound_on" : "room.sound_off"));
  };
  node.addEventListener("click", () => {
    keepPref("sound", pref("sound") === "on" ? "" : "on");
    show();
    if (pref("sound") === "on") ring();
  });
  show();
}

export function ring() {
  const Context = window.AudioContext || window.webkitAudioContext;
  if (pref("sound") !== "on" || !Context) return;
  audio = audio || new Context();
  if (audio.state === "suspended") audio.resume();
  [660, 880].forEach((pitch, index) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const start = audio.currentTime + index * 0.14;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.12, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.13);
    tone.connect(volume);
    volume.connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.14);
  });
}

/** How many cards have something new, where a glance at the browser's tabs can see it. */
const title = document.title;
export function count(n) {
  document.title = n ? "(" + n + ") " + title : title;
  const name = data.office.name;
  find("news-count").textContent = n ? t("room.news_count", { n, office: name }) : "";
}
