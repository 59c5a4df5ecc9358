// Photos and files on their way: shown small, sent up one after the other, taken along by the next message.
import { data, el, find, t } from "./citizen.words.js";

const tray = find("tray");
const SHRINK_ABOVE = 1200000;
const LONGEST_SIDE = 2560;

let things = [];
let running = null;
let page = null;

/** `page` has `changed()`, `tell(words)` and `keepEnd(change)`, which runs what makes the composer taller. */
export function openTray(given) {
  page = given;
}

export const trayFull = () => things.length > 0;
export const trayReady = () => things.every((thing) => thing.stored);

/** What is in the tray, taken out of it. */
export function takeAll() {
  const files = things.map((thing) => thing.stored);
  things.forEach(forget);
  things = [];
  redraw();
  return files;
}

export function addFiles(files) {
  const room = data.photos - things.length;
  if (files.length > room) page.tell(t("too_many", { n: data.photos }));
  for (const file of files.slice(0, Math.max(room, 0))) {
    if (file.size > data.mb * 1048576 && !shrinks(file)) {
      page.tell(t("too_big", { name: file.name, mb: data.mb }));
      continue;
    }
    things.push(draw({ file, name: file.name || t("voice_of") }));
  }
  redraw();
  run();
}

function draw(thing) {
  const preview = previewOf(thing);
  thing.bar = el("progress", { max: 100, value: 0 });
  thing.note = el("div", { role: "status" }, t("queued"));
  const drop = el("button", { type: "button", class: "drop", "aria-label": t("remove", thing), click: () => remove(thing) });
  drop.append(el("span", { "aria-hidden": "true" }, "×"));
  thing.node = el("li", { class: preview.tagName === "AUDIO" ? "sound" : "" }, preview, thing.bar, thing.note, drop);
  page.keepEnd(() => tray.append(thing.node));
  return thing;
}

function previewOf(thing) {
  const kind = thing.file.type.split("/")[0];
  if (kind !== "image" && kind !== "audio") return el("div", { class: "kind" }, thing.name);
  thing.url = URL.createObjectURL(thing.file);
  if (kind === "audio") return el("audio", { controls: true, src: thing.url });
  return el("img", { src: thing.url, alt: t("photo_of", thing) });
}

function remove(thing) {
  if (thing.request) thing.request.abort();
  forget(thing);
  things = things.filter((other) => other !== thing);
  redraw();
  find("plus").focus();
}

function forget(thing) {
  thing.node.remove();
  if (thing.url) URL.revokeObjectURL(thing.url);
}

function redraw() {
  page.keepEnd(() => (tray.hidden = !things.length));
  page.changed();
}

async function run() {
  if (running) return;
  for (;;) {
    running = things.find((thing) => !thing.stored && !thing.failed);
    if (!running) return;
    await upload(running);
    redraw();
  }
}

async function upload(thing) {
  const { status, answer } = await send(thing, await shrink(thing.file));
  if (status === 200) {
    thing.stored = answer;
    thing.bar.remove();
    thing.note.textContent = t("ready");
    return;
  }
  thing.failed = true;
  thing.bar.hidden = true;
  const why = answer.error ? answer.error.text : t("upload_failed");
  thing.note.textContent = why;
  if (status === 0 || status === 408 || status === 429 || status >= 500) {
    thing.note.append(el("button", { type: "button", class: "again", click: () => again(thing) }, t("again")));
  }
}

function again(thing) {
  thing.failed = false;
  thing.bar.hidden = false;
  thing.note.textContent = t("queued");
  run();
}

/** Try again what failed, for when the network is back. */
export function retryUploads() {
  things.filter((thing) => thing.failed && thing.note.querySelector("button")).forEach(again);
}

function send(thing, body) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    thing.request = request;
    request.open("POST", `/talk/upload?name=${encodeURIComponent(thing.name.slice(0, 120))}`);
    request.setRequestHeader("X-Zhitong-Form", data.form);
    request.setRequestHeader("Content-Type", body.type || "application/octet-stream");
    request.upload.onprogress = (event) => {
      const percent = event.lengthComputable ? Math.floor((event.loaded / event.total) * 100) : 0;
      thing.bar.value = percent;
      thing.note.textContent = t("uploading", { n: percent });
    };
    request.onloadend = () => done({ status: request.status, answer: parse(request.responseText) });
    request.send(body);
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return {};
  }
}

const shrinks = (file) =>
  /^image\/(jpeg|png|webp)$/.test(file.type) && Boolean(window.CSS) && CSS.supports("image-orientation", "from-image");

/** A large photo made smaller before it travels: minutes less on a village network, and no place data in it. */
async function shrink(file) {
  if (file.size < SHRINK_ABOVE || !shrinks(file)) return file;
  const url = URL.createObjectURL(file);
  try {
    const image = el("img", { src: url });
    await new Promise((done, fail) => Object.assign(image, { onload: done, onerror: fail }));
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = el("canvas", { width: Math.round(image.naturalWidth * scale), height: Math.round(image.naturalHeight * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const smaller = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return smaller && smaller.size < file.size ? smaller : file;
  } catch (error) {
    return file;
  } finally {
    URL.revokeObjectURL(url);
  }
}
