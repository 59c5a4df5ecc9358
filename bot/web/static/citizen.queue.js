// What is said but not yet taken. It survives a reload and a dead network, keeps its order, and keeps its key,
// so that saying it again changes nothing.
import { keeper } from "./citizen.words.js";

const PREFIX = "zt.q.";
const PATIENCE_MS = 25000;
const RETRY_MS = [2000, 5000, 10000, 20000, 30000];
const store = keeper("localStorage");

export class Queue {
  /** `tell(item, state, detail)` hears "sending", "sent" (with the answer), "failed", "waiting", "refused". */
  constructor(tell) {
    this.tell = tell;
    this.items = store
      .keys(PREFIX)
      .map((key) => parse(store.get(key)))
      .filter(Boolean)
      .sort((a, b) => a.at - b.at);
    this.busy = false;
    this.tries = 0;
    this.timer = 0;
  }

  push(item) {
    item.at = Math.max(Date.now(), this.items.length ? this.items[this.items.length - 1].at + 1 : 0);
    this.items.push(item);
    store.set(PREFIX + item.key, JSON.stringify(item));
    this.flush();
  }

  /** Send what waits, one after the other. Harmless to call at any time. */
  async flush() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    while (this.items.length && (await this.post(this.items[0])));
    this.busy = false;
  }

  async post(item) {
    this.tell(item, "sending");
    let response;
    let answer;
    try {
      response = await inTime(send(item));
      answer = await response.json();
    } catch (error) {
      return this.later(item, "failed", 0);
    }
    if (response.ok) return this.done(item, "sent", answer);
    const after = Number(response.headers.get("Retry-After")) * 1000;
    if (response.status === 429) return this.later(item, "waiting", after || 5000);
    if (response.status >= 500 || response.status === 408) return this.later(item, "failed", after);
    return this.done(item, "refused", (answer.error || {}).text || "");
  }

  done(item, state, detail) {
    this.items.shift();
    store.drop(PREFIX + item.key);
    this.tries = 0;
    this.tell(item, state, detail);
    return true;
  }

  later(item, state, after) {
    const pause = after || RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.timer = setTimeout(() => this.flush(), pause);
    this.items.forEach((waiting) => this.tell(waiting, state));
    return false;
  }
}

function send(item) {
  const body = { key: item.key, text: item.text, choice: item.choice, place: item.place, scene: item.scene };
  body.attachments = (item.files || []).map((file) => file.id);
  return fetch("/talk", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

function inTime(promise) {
  return Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error("slow")), PATIENCE_MS))]);
}

function parse(text) {
  try {
    const item = JSON.parse(text);
    return item && item.key ? item : null;
  } catch (error) {
    return null;
  }
}
