// What each act asks before it is done. A form here is a list of fields; the dialog around it is in staff.acts.js.

import * as api from "./staff.api.js";
import { data, isoDay, t } from "./staff.data.js";
import { el, grow, put } from "./staff.dom.js";

/** The fields of each act that asks for anything. `need` must not be empty. */
export const FORMS = {
  refuse: [{ type: "ground", name: "ground" }, { type: "words", need: true }],
  transfer: [{ type: "unit", name: "department" }, { type: "words" }],
  return: [{ type: "words", need: true }],
  assist: [{ type: "units", name: "departments" }, { type: "words" }],
  accuse: [{ type: "accused", name: "departments" }, { type: "words", need: true }],
  conclude: [{ type: "words", need: true }],
  close: [{ type: "words", need: true, asked: true }, { type: "line", name: "evidence", need: true }],
  request: [{ type: "date", name: "until" }, { type: "words", need: true }],
  extend: [{ type: "date", name: "until" }, { type: "words", need: true, asked: true }],
  decline: [{ type: "words", need: true }],
  reply: [{ type: "words", need: true }],
  progress: [{ type: "words", need: true }],
  supervise: [{ type: "words" }],
  escalate: [{ type: "words" }],
  reopen: [{ type: "words", need: true }],
  merge: [{ type: "line", name: "into", need: true }, { type: "words" }],
  split: [{ type: "words", need: true }],
  review: ["handling", "history", "conduct", "demand"].map((name) => ({ type: "area", name, need: true })),
  crosscheck: [{ type: "unit", name: "department" }, { type: "words" }],
  checked: [{ type: "finding", name: "finding" }, { type: "words", need: true }, { type: "files", need: true }],
  supplement: [{ type: "words", need: true }],
  told: [
    { type: "how", name: "how" },
    { type: "duties", name: "about" },
    { type: "line", name: "whom" },
    { type: "today", name: "on" },
    { type: "words", need: true },
  ],
  reveal: [{ type: "words" }],
  hold: [{ type: "words", need: true }],
  unhold: [{ type: "words", need: true }],
};

/** Fields as nodes, with a way to read them. `read` gives `{ text, fields, missing }`. */
export function form(act, file) {
  const fields = (FORMS[act] || []).map((field) => FIELDS[field.type](field, act, file));
  return {
    nodes: fields.map((field) => field.node),
    read() {
      const got = { text: "", fields: {}, files: [], missing: null };
      fields.forEach((field) => {
        const value = field.value();
        if (field.need && !value.length && !got.missing) got.missing = field;
        if (field.files) got.files = value;
        else if (field.name) got.fields[field.name] = value;
        else got.text = value;
      });
      return got;
    },
  };
}

const label = (act, name) => t("room.form." + act + "." + name);

function wrapped(act, name, input, hint) {
  return el("label", { class: "field" }, el("span", {}, label(act, name)), input, hint || null);
}

/** What was written by whoever asked for it, so that saying yes is one look and one press. */
function asked(field, file) {
  return (file.asked && (field.asked ? file.asked.text : file.asked[field.name])) || "";
}

function words(field, act, file) {
  const input = el("textarea", { rows: 3, maxlength: data.limits.text, on: { input: () => grow(input) } });
  input.value = asked(field, file);
  return { node: wrapped(act, "text", input), input, need: field.need, value: () => input.value.trim() };
}

/** Words under a name of their own. */
function area(field, act) {
  const most = data.limits.field;
  const input = el("textarea", { rows: 2, maxlength: most, on: { input: () => grow(input) } });
  const node = wrapped(act, field.name, input);
  return { node, input, name: field.name, need: field.need, value: () => input.value.trim() };
}

function finding(field, act) {
  const options = ["none", "found"].map((one) => choice("finding", one, label(act, "finding_" + one)));
  return picked(el("fieldset", { class: "picks row" }, el("legend", {}, label(act, "finding")), options), "finding");
}

/** Files that go with the act; each is uploaded as it is chosen. */
function files(field, act) {
  const input = el("input", { type: "file", multiple: true, class: "sr", "aria-label": label(act, "files") });
  const list = el("p", { class: "soft", role: "status" });
  const kept = [];
  input.addEventListener("change", async () => {
    for (const chosen of Array.from(input.files)) {
      const offline = () => ({ ok: false, error: t("room.error.offline") });
      const got = await api.upload(chosen).catch(offline);
      if (got.ok) kept.push({ id: got.body.id, name: got.body.name || chosen.name });
      put(list, got.ok ? kept.map((one) => one.name).join(t("room.comma")) : got.error);
    }
    input.value = "";
  });
  const add = el("label", { class: "button small attach" }, t("room.compose.attach"), input);
  const node = el("div", { class: "field" }, el("span", {}, label(act, "files")), el("div", {}, add), list);
  return { node, input, files: true, need: field.need, value: () => kept.map((one) => one.id) };
}

function line(field, act, file) {
  const input = el("input", { type: "text", maxlength: data.limits.field, autocomplete: "off" });
  input.value = act === "close" ? asked(field, file) : "";
  const node = wrapped(act, field.name, input);
  return { node, input, name: field.name, need: field.need, value: () => input.value.trim() };
}

function date(field, act, file) {
  const input = el("input", { type: "date", value: asked(field, file) || file.extendTo });
  return { node: wrapped(act, "until", input), input, name: "until", need: true, value: () => input.value };
}

function today(field, act) {
  const day = isoDay(new Date());
  const input = el("input", { type: "date", value: day, max: day });
  return { node: wrapped(act, "on", input), input, name: "on", value: () => input.value };
}

/** What the citizen is still owed; a stage feedback is not meant unless somebody says so. */
function duties(field, act, file) {
  const owed = (file.duties || []).filter((one) => (one.state === "owed" || one.state === "late") && one.duty !== "assist");
  const options = owed.map((one) => choice("about", one.duty, one.name, one.duty !== "stage", "checkbox"));
  const node = el("fieldset", { class: "picks", hidden: !owed.length }, el("legend", {}, label(act, "about")), options);
  return Object.assign(picked(node, "about"), { need: false });
}

function how(field, act) {
  const ways = ["phone", "visit", "letter"];
  const options = ways.map((one, index) => choice("how", one, label(act, "how_" + one), !index));
  return picked(el("fieldset", { class: "picks row" }, el("legend", {}, label(act, "how")), options), "how");
}

function ground(field, act) {
  const door = el("p", { class: "door", role: "status" });
  const options = data.grounds.map((one) => choice("ground", one.id, one.name));
  const node = el("fieldset", { class: "picks" }, el("legend", {}, label(act, "ground")), options);
  node.addEventListener("change", () => {
    const one = data.grounds.find((each) => each.id === node.querySelector(":checked").value);
    door.textContent = one.door ? t("room.form.refuse.door", { door: one.door }) : "";
  });
  return picked(el("div", {}, node, door), "ground");
}

function choice(group, value, text, checked, type) {
  const input = el("input", { type: type || "radio", name: "pick-" + group, value, checked });
  return el("label", { class: "pick" }, input, el("span", {}, text));
}

function picked(node, name) {
  const value = () => Array.from(node.querySelectorAll(":checked"), (input) => input.value).join(",");
  return { node, input: node.querySelector("input"), name, need: true, value };
}

function units(field, act, file) {
  const type = field.type === "units" ? "checkbox" : "radio";
  const others = data.departments.filter((unit) => unit.id !== file.card.department);
  const texts = { legend: label(act, field.name), search: t("room.form.unit_search"), none: t("room.form.unit_none") };
  return picker(field.name, [{ items: others }], type, texts);
}

/** Whom the matter is about: any unit there is, the one that has the case as well; those it is kept from are ticked. */
function accused(field, act, file) {
  const texts = { legend: label(act, field.name), search: t("room.form.unit_search"), none: t("room.form.unit_none") };
  const list = picker(field.name, [{ items: data.accusable.length ? data.accusable : data.departments }], "checkbox", texts);
  Array.from(list.node.querySelectorAll("input")).forEach((input) => {
    if (file.accused.indexOf(input.value) >= 0) input.checked = true;
  });
  return Object.assign(list, { need: false });
}

/** A list to choose from with a search box over it: by name, by what people call it, by any part of either. */
export function picker(name, shelves, type, texts) {
  const search = el("input", { type: "search", placeholder: texts.search, autocomplete: "off" });
  search.setAttribute("aria-label", texts.search);
  const none = el("p", { class: "soft none", hidden: true }, texts.none);
  const groups = shelves.map((shelf) => {
    const rows = shelf.items.map((item) => ({ item, node: choice(name, item.id, item.name, false, type) }));
    const head = shelf.name ? el("p", { class: "shelf" }, shelf.name) : null;
    return { head, rows, node: el("div", {}, head, rows.map((row) => row.node)) };
  });
  const list = el("div", { class: "choices" }, groups.map((group) => group.node), none);
  search.addEventListener("input", () => {
    const asked = search.value.trim().toLowerCase();
    const left = groups.reduce((sum, group) => sum + sift(group, asked), 0);
    none.hidden = left > 0;
  });
  search.addEventListener("keydown", (event) => {
    const first = list.querySelector(".pick:not([hidden]) input");
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (first) first.click();
  });
  const node = el("fieldset", { class: "picks search" }, el("legend", {}, texts.legend), search, list);
  return Object.assign(picked(node, name), { input: search });
}

/** Hide what does not fit; what is chosen stays in sight. Gives how many fit. */
function sift(group, asked) {
  let left = 0;
  group.rows.forEach((row) => {
    const fits = !asked || (row.item.name + " " + (row.item.also || "")).toLowerCase().indexOf(asked) >= 0;
    const chosen = row.node.querySelector("input").checked;
    row.node.hidden = !fits && !chosen;
    left += fits || chosen ? 1 : 0;
  });
  if (group.head) group.head.hidden = !left;
  return left;
}

const FIELDS = { words, area, line, date, today, duties, how, ground, unit: units, units, accused, finding, files };
