// The staff room: ties its parts together. Which case is open stands in the address, so "back" works.

import { begin } from "./staff.acts.js";
import { renew } from "./staff.api.js";
import * as pane from "./staff.case.js";
import { data, emit, on, t } from "./staff.data.js";
import { ask, dialog } from "./staff.dialog.js";
import { el, find, put } from "./staff.dom.js";
import { help } from "./staff.keys.js";
import * as list from "./staff.list.js";
import { count, live, ring, soundButton } from "./staff.live.js";
import { draftCount, dropDrafts, unread } from "./staff.store.js";
import { today } from "./staff.today.js";
import { walkin } from "./staff.walkin.js";

document.documentElement.classList.add("js");

const NUMBER = /^#([A-Z]{1,4}\d{8}-\d+)$/;

function route() {
  const found = NUMBER.exec(decodeURIComponent(location.hash));
  const no = found ? found[1] : "";
  document.body.classList.remove("railed");
  list.setOpen(no);
  pane.show(no);
}

// ——— the rail ———

function rail() {
  const asked = list.asked();
  const figures = list.figuresNow();
  put(find("views"), data.views.map((view) => {
    const figure = figures.counts[view];
    const chosen = asked.view === view && !asked.text;
    return railButton(t("room.view." + view), figure, chosen, view, () => choose({ view, text: "" }));
  }));
  const news = list.unreadByGroup();
  const units = data.departments.filter((unit) => data.seesAll || data.mine.indexOf(unit.id) >= 0);
  const busy = units.filter((unit) => units.length < 9 || figures.groups[unit.id] || asked.department === unit.id);
  const everyone = units.length > 1 ? [{ id: "", name: t("room.every_group") }] : [];
  put(find("groups"), everyone.concat(busy).map((unit) => {
    const fresh = news[unit.id] ? Object.keys(news[unit.id]).length : 0;
    const click = () => choose({ department: unit.id, text: "" });
    return railButton(unit.name, figures.groups[unit.id], asked.department === unit.id, "", click, fresh);
  }));
  find("groups-title").hidden = !units.length;
  find("logout").elements.namedItem("form").value = data.proof;
  heading(units);
  alarm(figures.queue || {});
  count(Object.keys(news).reduce((sum, unit) => sum + Object.keys(news[unit]).length, 0));
}

function railButton(name, figure, chosen, kind, click, fresh) {
  const dot = fresh ? el("span", { class: "dot", role: "img", "aria-label": t("room.card.unread") }) : null;
  const number = figure ? el("span", { class: "n" }, figure) : null;
  const props = { type: "button", class: "view " + kind, on: { click } };
  const node = el("button", props, dot, el("span", {}, name), number);
  if (chosen) node.setAttribute("aria-current", "true");
  return node;
}

function heading(units) {
  const asked = list.asked();
  const unit = units.find((one) => one.id === asked.department);
  const words = asked.text ? t("room.found", { text: asked.text }) : t("room.view." + asked.view);
  put(find("heading"), words, unit && units.length > 1 && !asked.text ? el("small", {}, unit.name) : null);
}

function alarm(queue) {
  const words = [queue.gap ? t("room.queue.gap", { n: queue.gap }) : "",
    queue.away ? away("away", queue.away) : "",
    queue.staff_away ? away("staff_away", queue.staff_away) : "",
    queue.parked ? t("room.queue.parked", { n: queue.parked }) : "",
    queue.waiting ? t("room.queue.waiting", { n: queue.waiting }) : "",
    queue.keeping ? t("room.queue.keeping", { n: queue.keeping }) : ""].filter(Boolean);
  find("alarm").hidden = !words.length;
  find("alarm").className = queue.parked || queue.away || queue.staff_away || queue.gap ? "alarm bad" : "alarm";
  if (find("alarm").textContent !== words.join(" · ")) find("alarm").textContent = words.join(" · ");
  find("alarm").onclick = () => choose({ view: "unreached", department: "", text: "" });
}

/** How long a platform has been out of reach; of the citizens', from twelve hours on, what that will cost. */
function away(name, minutes) {
  const hours = Math.floor(minutes / 60);
  const late = hours >= 12 && name === "away" ? "_long" : hours ? "_hours" : "";
  return t("room.queue." + name + late, { n: hours || minutes });
}

function choose(change) {
  document.body.classList.remove("railed");
  if (!change.text) find("search").value = "";
  list.look(change);
  rail();
}

// ——— what happens ———

on("figures", rail);
on("card", (card) => list.update(card));
on("file", (file) => {
  pane.take(file);
  list.update(file.card);
});
on("claim", (card) => begin({ card }, "claim"));
on("left", (no) => {
  if (location.hash === "#" + no) location.hash = "";
  list.refresh();
});
on("stale", () => {
  list.refresh();
  pane.refresh();
});
on("changed", async (numbers) => {
  const open = pane.openCase();
  const before = document.title;
  if (open && numbers.indexOf(open.card.no) >= 0) pane.refresh();
  await list.changed(numbers);
  const fresh = list.shown().some((card) => numbers.indexOf(card.no) >= 0 && unread(card));
  if (fresh || document.title > before) ring();
});
on("filed", (no) => {
  list.refresh();
  location.hash = no;
});

let asking = false;
on("login", () => {
  if (asking) return;
  asking = true;
  const where = { class: "button small primary", href: "/staff/login", target: "_blank", rel: "noopener" };
  const link = el("a", where, t("room.login.again"));
  const back = el("button", { type: "button", class: "button small" }, t("room.login.back"));
  const lead = el("p", { class: "lead" }, t("room.login.lead"));
  const body = el("div", { class: "body" }, lead, el("div", { class: "ends" }, link, back));
  const shown = dialog(t("room.login.title"), body, { closed: () => (asking = false) });
  back.addEventListener("click", async () => {
    if (!(await renew().catch(() => false))) return;
    shown.close();
    emit("stale");
  });
});

// ——— the fixed parts of the page ———

let searching = 0;
find("search").addEventListener("input", (event) => {
  clearTimeout(searching);
  searching = setTimeout(() => choose({ text: event.target.value.trim() }), 250);
});
find("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  choose({ text: find("search").value.trim() });
});
find("more").addEventListener("click", () => list.more());
find("news").addEventListener("click", () => {
  find("scroll").scrollTop = 0;
  find("news").hidden = true;
});
find("scroll").addEventListener("scroll", () => find("scroll").scrollTop < 8 && (find("news").hidden = true));
find("menu").addEventListener("click", () => {
  document.body.classList.add("railed");
  find("views").querySelector("button").focus();
});
find("veil").addEventListener("click", () => document.body.classList.remove("railed"));
find("help").addEventListener("click", () => {
  document.body.classList.remove("railed");
  help();
});
find("today").addEventListener("click", () => {
  document.body.classList.remove("railed");
  today();
});
find("walkin").addEventListener("click", () => {
  document.body.classList.remove("railed");
  walkin();
});
find("walkin").hidden = !data.me.files;
find("logout").addEventListener("submit", (event) => {
  const drafts = draftCount();
  if (!drafts) return;
  event.preventDefault();
  ask(t("room.logout"), t("room.logout_drafts", { n: drafts }), t("room.logout"), () => {
    dropDrafts();
    find("logout").submit();
  });
});
window.addEventListener("hashchange", route);

soundButton();
find("room").hidden = false;
rail();
list.look({}).then(() => {
  route();
  live();
});
