// The citizen's page comes alive: everything the plain form does, without waiting for a page to load.
import { raise } from "./citizen.layers.js";
import * as log from "./citizen.log.js";
import { Queue } from "./citizen.queue.js";
import { canLocate, locate, pick, record } from "./citizen.senses.js";
import { Stream, fetchHistory } from "./citizen.stream.js";
import { addFiles, openTray, retryUploads, takeAll, trayFull, trayReady } from "./citizen.tray.js";
import { data, el, find, keeper, t, uuid } from "./citizen.words.js";

const form = find("talk");
const text = find("text");
const send = find("send");
const banner = find("banner");
const chips = find("chips");
const drafts = keeper("sessionStorage");
const sendWord = send.textContent;
const oldWord = find("older") ? find("older").querySelector("button").textContent : "";

let held = []; // letters that arrived while one of ours was on its way
let sendWhenReady = false;
let notice = "";
let steady = true;

const queue = new Queue(tellState);
const stream = new Stream({ after: log.lastId, hear, steady: (well) => ((steady = well), drawBanner()) });

function tellState(item, state, detail) {
  if (state === "sent") {
    if (detail.forgotten) log.forget(item.key);
    log.settle(item.key, detail.messages);
    letGo();
    if (detail.fresh) location.replace("/?cookie");
    else if (detail.lang !== data.lang) location.reload();
    return;
  }
  if (state === "refused") log.unchoose();
  if (state !== "sending") letGo();
  log.mark(item.key, state, detail, item.text ? () => putBack(item) : null);
}

function hear(message) {
  if (queue.busy && queue.items.length) held.push(message);
  else log.add(message);
}

function letGo() {
  const letters = held;
  held = [];
  letters.forEach(log.add);
}

function say(item) {
  const whole = Object.assign({ key: uuid(), text: "" }, item);
  log.say(whole, () => queue.flush());
  queue.push(whole);
}

function putBack(item) {
  text.value = [item.text, text.value].filter(Boolean).join("\n");
  grow();
  text.focus();
}

// --- the composer

function submit() {
  if (trayFull() && !trayReady()) {
    sendWhenReady = true;
    return drawSend();
  }
  sendWhenReady = false;
  const words = text.value.trim();
  const files = takeAll();
  if (!words && !files.length) return text.focus();
  text.value = "";
  grow();
  say({ text: words, files });
  return undefined;
}

function drawSend() {
  send.textContent = sendWhenReady ? t("upload_wait") : sendWord;
  send.disabled = sendWhenReady;
}

function grow() {
  keepEnd(() => {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 3}px`;
  });
  drafts.set("zt.draft", text.value);
}

/** Change the composer's height without covering what is being read. */
function keepEnd(change) {
  const end = log.atEnd();
  change();
  if (end) log.toEnd();
}

function pressed(event) {
  event.preventDefault();
  const button = event.currentTarget;
  const label = button.lastElementChild.textContent;
  log.choose(button);
  say(button.name === "say" ? { text: button.value } : { choice: button.value, label });
}

const HINTS = { choice: "hint_choice", text: "hint_text", place: "hint_place", photos: "hint_photos", phone: "hint_phone" };

function wants(what) {
  text.placeholder = t(HINTS[what] || "hint");
  const offers = { photos: ["photo"], text: ["voice"], place: canLocate() ? ["place"] : [] }[what] || [];
  keepEnd(() => {
    chips.textContent = "";
    for (const name of offers) chips.append(el("button", { type: "button", "data-do": name }, toolLabel(name)));
    chips.hidden = !offers.length;
  });
}

const toolLabel = (name) => document.querySelector(`#panel [data-do=${name}] span`).textContent;

const TOOLS = {
  photo: () => pick("image/*"),
  file: () => pick(""),
  voice: () => record(warn),
  place: async () => {
    const place = await locate(warn);
    if (place) say({ place });
  },
};

let closePanel = null;

function togglePanel() {
  if (closePanel) return closePanel();
  keepEnd(() => (find("panel").hidden = false));
  find("plus").setAttribute("aria-expanded", "true");
  closePanel = raise(() => {
    find("panel").hidden = true;
    find("plus").setAttribute("aria-expanded", "false");
    closePanel = null;
  });
  return undefined;
}

// --- the line above the talk

function warn(words) {
  notice = words;
  drawBanner();
  clearTimeout(warn.timer);
  warn.timer = setTimeout(() => ((notice = ""), drawBanner()), 9000);
}

function drawBanner() {
  const words = notice || (navigator.onLine === false ? t("offline") : steady ? "" : t("unsteady"));
  banner.textContent = words;
  banner.hidden = !words;
}

// --- earlier letters, and the place where the reader was

let fetching = null;

function older() {
  const line = find("older");
  if (!line || line.hidden || fetching) return fetching;
  const button = line.querySelector("button");
  button.textContent = t("loading");
  fetching = fetchHistory(`before=${log.firstId()}`)
    .then(({ messages, more }) => {
      log.prepend(messages);
      line.hidden = !more;
    })
    .catch(() => {})
    .then(() => {
      button.textContent = oldWord;
      fetching = null;
    });
  return fetching;
}

function rememberPlace() {
  const nodes = Array.from(document.querySelectorAll("#log .m[data-id]"));
  const top = nodes.find((node) => node.getBoundingClientRect().bottom > 70);
  const place = top && !log.atEnd() ? { id: top.dataset.id, y: top.getBoundingClientRect().top } : null;
  drafts.set("zt.place", JSON.stringify(place));
}

async function returnToPlace() {
  const place = JSON.parse(drafts.get("zt.place") || "null");
  if (!place) return log.toEnd();
  for (let i = 0; i < 5 && log.firstId() > Number(place.id); i += 1) await older();
  const node = document.querySelector(`#log .m[data-id="${Number(place.id)}"]`);
  if (node) scrollTo(0, pageYOffset + node.getBoundingClientRect().top - place.y);
  else log.toEnd();
  return undefined;
}

// --- waking up

function listenToForm() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-do]");
    if (!tool) return;
    if (closePanel) closePanel();
    TOOLS[tool.dataset.do]();
  });
  for (const button of form.querySelectorAll(".tool[name=choice]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const label = button.textContent.trim();
      say({ choice: button.value, label, silent: button.value.startsWith("lang:") });
    });
  }
  form.querySelector("[name=view]").addEventListener("click", setSize);
  find("plus").addEventListener("click", togglePanel);
}

function setSize(event) {
  event.preventDefault();
  const button = event.currentTarget;
  const large = document.documentElement.classList.toggle("large");
  button.setAttribute("aria-pressed", String(large));
  const body = new URLSearchParams({ view: large ? "large" : "normal", form: data.form });
  fetch("/", { method: "POST", credentials: "same-origin", redirect: "manual", body }).catch(() => {});
}

function listenToText() {
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    const typing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || typing || !matchMedia("(pointer: fine)").matches) return;
    event.preventDefault();
    submit();
  });
  text.addEventListener("paste", (event) => {
    const files = Array.from((event.clipboardData || {}).files || []);
    if (files.length) addFiles(files);
  });
  text.rows = 1;
  text.value = text.value || drafts.get("zt.draft") || "";
  grow();
}

function greetScene() {
  const scene = form.elements.scene.value;
  if (location.search) history.replaceState(null, "", "/");
  if (!scene) return;
  form.elements.scene.value = "";
  say({ scene, silent: true });
}

function start() {
  document.documentElement.classList.add("js");
  if ("scrollRestoration" in history) history.scrollRestoration = "manual";
  openTray({ keepEnd, changed: () => (sendWhenReady && trayReady() ? submit() : 0, drawSend()), tell: warn });
  log.adopt(pressed, wants);
  listenToForm();
  listenToText();
  for (const item of queue.items) log.say(item, () => queue.flush());
  queue.flush();
  stream.open();
  returnToPlace().then(greetScene);
  addEventListener("scroll", () => pageYOffset < 200 && older(), { passive: true });
  addEventListener("pagehide", rememberPlace);
  document.addEventListener("visibilitychange", rememberPlace);
  addEventListener("offline", drawBanner);
  addEventListener("online", () => (drawBanner(), queue.flush(), retryUploads()));
  if (find("older")) find("older").querySelector("button").addEventListener("click", older);
  drawBanner();
}

start();
