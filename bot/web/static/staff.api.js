// Talking to the house. A call gives `{ ok, status, body }` or throws `Offline` when nobody answered.

import { data, emit, newKey } from "./staff.data.js";

export class Offline extends Error {}

async function call(method, path, body, again) {
  const headers = { Accept: "application/json" };
  if (method === "POST") headers["X-Zhitong-Form"] = data.proof;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Offline();
  }
  const got = await reading(answer);
  if (answer.status === 401) emit("login");
  if (got.error && got.error.code === "proof" && !again && (await renew())) return call(method, path, body, true);
  return { ok: answer.ok, status: answer.status, body: got, error: got.error ? got.error.text : "" };
}

async function reading(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

/** A new proof after a new login in another tab; somebody else's login means a new page. */
export async function renew() {
  const got = await call("GET", "/staff/cards?limit=1", undefined, true);
  if (!got.ok) return false;
  if (got.body.me !== data.me.id) location.reload();
  data.proof = got.body.proof;
  return true;
}

export function cards(query) {
  const given = Object.keys(query).filter((name) => query[name]);
  const words = given.map((name) => name + "=" + encodeURIComponent(query[name]));
  return call("GET", "/staff/cards?" + words.join("&"));
}

export function caseFile(no) {
  return call("GET", "/staff/case/" + encodeURIComponent(no));
}

/** What is wanted of this person today. */
export function today() {
  return call("GET", "/staff/today");
}

/** The name behind a tip: "asked", "ask", "decide" or "look". */
export function tip(no, what, body) {
  const path = "/staff/tip/" + encodeURIComponent(no) + "/" + what;
  return body ? call("POST", path, body) : call("GET", path);
}

export function preview(order) {
  return call("POST", "/staff/preview", order);
}

/** Suggest the question of a case as a wording ("alias") or with its answer ("entry"). */
export function suggest(no, kind) {
  return call("POST", "/staff/suggest", { case: no, kind });
}

/** Do it. The same order sent twice is done once: its key is made here and kept until somebody answered. */
export async function act(order) {
  order.key = order.key || newKey();
  const got = await call("POST", "/staff/do", order);
  order.key = "";
  return got;
}

export async function upload(file) {
  const type = file.type || "application/octet-stream";
  try {
    const answer = await fetch("/staff/upload?name=" + encodeURIComponent(file.name), {
      method: "POST",
      headers: { "X-Zhitong-Form": data.proof, "Content-Type": type, Accept: "application/json" },
      credentials: "same-origin",
      body: file,
    });
    if (answer.status === 401) emit("login");
    const body = await reading(answer);
    return { ok: answer.ok, body, error: body.error ? body.error.text : "" };
  } catch {
    throw new Offline();
  }
}
