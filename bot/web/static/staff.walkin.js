// 代群众登记: somebody at the counter or on the telephone. It ends with a slip that can be printed.

import * as api from "./staff.api.js";
import { data, emit, t } from "./staff.data.js";
import { dialog } from "./staff.dialog.js";
import { el, grow } from "./staff.dom.js";
import { picker } from "./staff.forms.js";

/** Open the form. Closing it by mistake keeps nothing, so it asks first when something was written. */
export function walkin() {
  const order = { act: "file", text: "", fields: {}, attachments: [] };
  const fields = inputs();
  const error = el("p", { class: "error", role: "alert" });
  const go = el("button", { type: "submit", class: "button small primary" }, t("room.walkin.submit"));
  const body = el(
    "form",
    { class: "body walkin", novalidate: true, autocomplete: "off" },
    fields.nodes,
    error,
    el("div", { class: "ends" }, go)
  );
  const shown = dialog(t("room.walkin.title"), body, { style: "wide" });
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    fields.read(order);
    go.disabled = true;
    const got = await api.act(order).catch(() => ({ ok: false, error: t("room.error.offline"), body: {} }));
    go.disabled = false;
    error.textContent = got.ok ? "" : got.error;
    if (!got.ok) return fields.focus(got.body.error ? got.body.error.code : "");
    shown.close();
    slip(got.body);
    emit("filed", got.body.case);
  });
}

function inputs() {
  const source = el("div", { class: "picks row" }, data.sources.map((one, index) => pick(one, index === 0)));
  const topic = topics();
  const place = el("input", { type: "text", list: "walkin-places", maxlength: 100 });
  const story = el("textarea", { rows: 4, maxlength: data.limits.text, on: { input: () => grow(story) } });
  const name = el("input", { type: "text", maxlength: 20 });
  const phone = el("input", { type: "tel", maxlength: 20, inputmode: "tel" });
  const urgent = el("input", { type: "checkbox" });
  const consent = el("input", { type: "checkbox" });
  const nodes = [
    el("fieldset", { class: "picks" }, el("legend", {}, t("room.walkin.source")), source),
    field("story", story, t("room.walkin.story_hint", { n: data.limits.min })),
    topic.node,
    field("place", place, t("room.walkin.place_hint"), places()),
    el("div", { class: "pair" }, field("name", name), field("phone", phone)),
    el("p", { class: "soft" }, t("room.walkin.anonymous")),
    el("label", { class: "pick" }, urgent, el("span", {}, t("room.walkin.urgent"))),
    el("label", { class: "pick" }, consent, el("span", {}, t("room.walkin.consent"))),
  ];
  const spots = { topic: topic.input, text: story, phone, consent, source: source.querySelector("input") };
  return {
    nodes,
    read(order) {
      order.text = story.value.trim();
      order.fields = {
        source: (source.querySelector(":checked") || {}).value || "",
        topic: topic.value(),
        place: placeOf(place.value.trim()),
        name: name.value.trim(),
        phone: phone.value.trim(),
        urgent: urgent.checked ? "yes" : "",
        consent: consent.checked ? "yes" : "",
      };
    },
    focus: (code) => spots[code] && spots[code].focus(),
  };
}

function field(name, input, hint, extra) {
  return el(
    "label",
    { class: "field" },
    el("span", {}, t("room.walkin." + name)),
    input,
    hint ? el("small", { class: "soft" }, hint) : null,
    extra || null
  );
}

function pick(source, checked) {
  const input = el("input", { type: "radio", name: "walkin-source", value: source, checked });
  return el("label", { class: "pick" }, input, el("span", {}, t("room.source." + source)));
}

function topics() {
  const shelves = data.topics.map((shelf) => ({ name: shelf.name, items: shelf.topics }));
  const word = (name) => t("room.walkin.topic" + name);
  return picker("topic", shelves, "radio", { legend: word(""), search: word("_search"), none: word("_none") });
}

function places() {
  return el("datalist", { id: "walkin-places" }, data.places.map((place) => el("option", { value: place.name })));
}

function placeOf(typed) {
  const known = data.places.find((place) => place.name === typed);
  return known ? known.id : typed;
}

/** The number and the code, large enough to be copied by hand, and alone on the paper when printed. */
function slip(got) {
  const first = { type: "button", class: "button small primary", "data-first": true };
  const print = el("button", first, t("room.slip.print"));
  const done = el("button", { type: "button", class: "button small" }, t("room.slip.done"));
  const where = data.office.url || location.origin;
  const body = el(
    "div",
    { class: "body" },
    got.code
      ? el(
          "div",
          { class: "slip" },
          el("p", { class: "office" }, data.office.name),
          el("dl", {}, row("number", got.case), row("code", got.code)),
          el("p", {}, t("room.slip.how", { url: where.replace(/^https?:\/\//, "") })),
          el("p", {}, t("room.slip.phone", { phone: data.office.phone }))
        )
      : el("p", { class: "lead" }, t("room.slip.duplicate")),
    el("div", { class: "ends" }, done, got.code ? print : null)
  );
  document.body.classList.add("slipping");
  const shown = dialog(t("room.slip.title"), body, {
    style: "slipped",
    closed: () => document.body.classList.remove("slipping"),
  });
  print.addEventListener("click", () => window.print());
  done.addEventListener("click", shown.close);
}

function row(name, value) {
  return el("div", {}, el("dt", {}, t("room.slip." + name)), el("dd", {}, value));
}
