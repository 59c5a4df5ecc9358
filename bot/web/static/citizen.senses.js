// Ears and whereabouts: recording a voice, finding the place, choosing pictures and files.
import { addFiles } from "./citizen.tray.js";
import { el, find, t } from "./citizen.words.js";

const LONGEST_MS = 300000;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const chips = find("chips");

/** Let the citizen choose files of a kind; `accept` as in an input element. */
export function pick(accept, capture) {
  const input = el("input", { type: "file", accept, multiple: !capture, capture, hidden: true });
  input.addEventListener("change", () => {
    addFiles(Array.from(input.files));
    input.remove();
  });
  document.body.append(input);
  input.click();
}

const canRecord = () => Boolean(isSecureContext && navigator.mediaDevices && window.MediaRecorder);
export const canLocate = () => Boolean(isSecureContext && navigator.geolocation);

/** Record a voice message into the tray; where that is impossible, let the phone's own recorder do it. */
export async function record(tell) {
  if (!canRecord()) return pick("audio/*", "microphone");
  let sound;
  try {
    sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    tell(t("record_denied"));
    return pick("audio/*", "microphone");
  }
  return listen(sound, tell);
}

function listen(sound, tell) {
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported && MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(sound, mimeType ? { mimeType, audioBitsPerSecond: 24000 } : {});
  const pieces = [];
  const since = Date.now();
  let keep = true;
  recorder.ondataavailable = (event) => event.data.size && pieces.push(event.data);
  const stop = (kept) => {
    keep = kept;
    if (recorder.state !== "inactive") recorder.stop();
  };
  const clock = el("p", { class: "live", role: "timer" }, t("record_start"));
  const done = el("button", { type: "button", click: () => stop(true) }, t("record_done"));
  const cancel = el("button", { type: "button", click: () => stop(false) }, t("record_cancel"));
  const before = Array.from(chips.childNodes);
  const hidden = chips.hidden;
  swap([clock, cancel, done]);
  chips.hidden = false;
  done.focus();
  const ticking = setInterval(() => {
    const seconds = Math.floor((Date.now() - since) / 1000);
    clock.textContent = `${t("record_start")} ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds * 1000 < LONGEST_MS) return;
    tell(t("record_limit"));
    stop(true);
  }, 250);
  return new Promise((finished) => {
    recorder.onstop = () => {
      clearInterval(ticking);
      sound.getTracks().forEach((track) => track.stop());
      swap(before);
      chips.hidden = hidden;
      if (keep && pieces.length) addFiles([voiceFile(pieces, recorder.mimeType || mimeType || "audio/webm")]);
      finished();
    };
    recorder.start(1000);
  });
}

function swap(nodes) {
  chips.textContent = "";
  chips.append(...nodes);
}

function voiceFile(pieces, mime) {
  const type = mime.split(";")[0];
  const ending = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[type] || "webm";
  return new File(pieces, `${t("voice_of")}.${ending}`, { type });
}

/** The citizen's place as {lat, lon}, or null with a word why not. */
export function locate(tell) {
  return new Promise((done) => {
    if (!canLocate()) {
      tell(t("place_denied"));
      done(null);
      return;
    }
    tell(t("place_wait"));
    navigator.geolocation.getCurrentPosition(
      (found) => {
        tell("");
        done({ lat: found.coords.latitude, lon: found.coords.longitude });
      },
      () => {
        tell(t("place_denied"));
        done(null);
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
}
