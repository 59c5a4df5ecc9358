// 今日要办: what is wanted of this person today, as it is at the moment of asking. A case opens on a press.

import * as api from "./staff.api.js";
import { t } from "./staff.data.js";
import { dialog } from "./staff.dialog.js";
import { el, put, toast } from "./staff.dom.js";

export async function today() {
  let got;
  try {
    got = await api.today();
  } catch {
    return toast(t("room.error.offline"), true);
  }
  if (!got.ok) return toast(got.error, true);
  const body = el("div", { class: "body today" });
  const shown = dialog(t("room.today_list.title"), body);
  const sections = got.body.sections.map((one) => section(one, shown.close));
  put(
    body,
    el("p", { class: "lead" }, t("room.today_list.lead", { day: got.body.day })),
    sections.length ? sections : el("p", { class: "none" }, t("room.today_list.none"))
  );
}

function section(one, close) {
  const rows = one.cases.map((line) => {
    const link = el("a", { class: "no", href: "#" + line.no, on: { click: () => close() } }, line.no);
    const words = [line.topic, line.what, line.due].filter(Boolean).join(" · ");
    return el("li", {}, link, el("span", {}, words));
  });
  const more = one.more ? el("p", { class: "soft" }, t("room.today_list.more", { n: one.more })) : null;
  return el("section", {}, el("h3", {}, one.name, el("span", { class: "n" }, one.cases.length + one.more)), el("ul", {}, rows), more);
}
