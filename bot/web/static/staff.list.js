// The list of cards: newest activity on top, and nothing that arrives moves what somebody is reading.

import * as api from "./staff.api.js";
import { draw, newCard } from "./staff.card.js";
import { data, emit, t } from "./staff.data.js";
import { el, find, put, toast } from "./staff.dom.js";
import { meet, unread } from "./staff.store.js";

const box = find("cards");
const scroller = find("scroll");
const query = { view: "all", department: "", text: "" };
const nodes = {};
const news = {}; // department by number: cases not on the list that have something new
let cards = [];
let next = "";
let open = "";
let figures = { counts: {}, groups: {} };
let turn = 0;

export function shown() {
  return cards;
}

export function asked() {
  return query;
}

export function figuresNow() {
  return figures;
}

/** Ask for something else and begin at the top. */
export async function look(change) {
  Object.assign(query, change);
  box.setAttribute("aria-busy", "true");
  await fetchPage({ limit: data.page }, (page) => {
    cards = page.cards;
    scroller.scrollTop = 0;
  });
}

/** Ask for the same again, as far as it is loaded; the view stays where it is. */
export function refresh() {
  return fetchPage({ limit: Math.min(100, Math.max(data.page, cards.length)) }, (page) => {
    const shownFirst = anchor();
    const rest = cards.slice(100).filter((card) => !page.cards.some((one) => one.no === card.no));
    cards = page.cards.concat(rest);
    return shownFirst;
  });
}

export function more() {
  return fetchPage({ limit: data.page, before: next }, (page) => {
    const known = cards.map((card) => card.no);
    cards = cards.concat(page.cards.filter((card) => known.indexOf(card.no) < 0));
  });
}

async function fetchPage(extra, take) {
  const mine = ++turn;
  const asking = Object.assign({}, query, query.text ? { view: "all", department: "" } : {}, extra);
  let got;
  try {
    got = await api.cards(asking);
  } catch {
    return emit("connected", false);
  }
  if (mine !== turn) return; // somebody has asked for something else meanwhile
  box.removeAttribute("aria-busy");
  if (!got.ok) return got.status === 401 ? null : toast(got.error, true);
  data.proof = got.body.proof;
  next = got.body.next;
  figures = got.body;
  meet(got.body.cards);
  const held = take(got.body);
  render();
  if (held) hold(held);
  emit("figures", figures);
}

function render() {
  const unit = !query.department && (data.seesAll || data.mine.length > 1);
  const order = cards.map((card) => {
    const node = (nodes[card.no] = nodes[card.no] || newCard(card.no));
    draw(node, card, { unit, open: card.no === open, claim: (one) => emit("claim", one) });
    return node;
  });
  order.forEach((node, index) => {
    if (box.children[index] !== node) box.insertBefore(node, box.children[index] || null);
    node.setAttribute("aria-posinset", index + 1);
    node.setAttribute("aria-setsize", next ? -1 : order.length);
  });
  while (box.children.length > order.length) box.lastChild.remove();
  put(find("empty"), cards.length ? null : empty());
  find("empty").hidden = cards.length > 0;
  find("more").hidden = !next;
}

function empty() {
  const key = query.text ? "search" : data.seesAll || data.mine.length ? query.view : "nothing";
  return [
    el("h2", {}, t("room.empty." + key + "_title", { text: query.text })),
    el("p", {}, t("room.empty." + key)),
  ];
}

/** The first card in view and where it is, so that it can be put back there. */
function anchor() {
  if (scroller.scrollTop < 8) return null;
  const top = scroller.getBoundingClientRect().top;
  const node = Array.from(box.children).find((one) => one.getBoundingClientRect().bottom > top);
  return node ? { node, y: node.getBoundingClientRect().top, count: cards.length ? cards[0].no : "" } : null;
}

function hold(held) {
  if (!held.node.isConnected && !document.contains(held.node)) return;
  scroller.scrollTop += held.node.getBoundingClientRect().top - held.y;
  if (cards[0] && cards[0].no !== held.count && unread(cards[0])) find("news").hidden = false;
}

/** Mark the case that stands open beside the list. */
export function setOpen(no) {
  open = no;
  delete news[no];
  render();
  emit("figures", figures);
}

/** A card as it is now, from an answer that carried it. */
export function update(card) {
  const index = cards.findIndex((one) => one.no === card.no);
  if (index >= 0) cards[index] = card;
  delete news[card.no];
  render();
  emit("figures", figures);
}

/** Cases that changed somewhere: the list again, and a look at those that are not on it. */
export async function changed(numbers) {
  await refresh();
  const away = numbers.filter((no) => !cards.some((card) => card.no === no)).slice(0, 5);
  for (const no of away) {
    try {
      const got = await api.cards({ text: no, limit: 1 });
      const card = got.ok && got.body.cards[0];
      if (card && card.no === no && unread(card)) news[no] = card.department;
    } catch {
      return;
    }
  }
  emit("figures", figures);
}

/** Numbers of cases with something new, by department. */
export function unreadByGroup() {
  const groups = {};
  const add = (no, unit) => ((groups[unit] = groups[unit] || {})[no] = true);
  Object.keys(news).forEach((no) => add(no, news[no]));
  cards.filter(unread).forEach((card) => add(card.no, card.department));
  return groups;
}

/** Put the keyboard on the next or the previous card. */
export function step(by) {
  const links = Array.from(box.querySelectorAll("a.no"));
  const focused = links.indexOf(document.activeElement);
  const from = focused >= 0 ? focused : cards.findIndex((card) => card.no === open);
  const link = links[Math.max(0, Math.min(links.length - 1, from + by))];
  if (!link) return;
  link.focus();
  link.closest("article").scrollIntoView({ block: "nearest" });
}
