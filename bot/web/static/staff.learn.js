// What others will ask as well: the question of an answered case, saved for an admin to look at.

import * as api from "./staff.api.js";
import { t } from "./staff.data.js";
import { button, el, toast } from "./staff.dom.js";

/** The two buttons under an answered case about a policy; null under any other. */
export function learn(file) {
  if (!file.savable) return null;
  const label = t("room.learn.lead");
  const buttons = ["alias", "entry"].map((kind) => button(t("room.learn." + kind), (event) => save(file, kind, event)));
  return el("div", { class: "learn", role: "group", "aria-label": label }, el("span", {}, label), buttons);
}

async function save(file, kind, event) {
  const pressed = event.currentTarget;
  pressed.disabled = true;
  let got;
  try {
    got = await api.suggest(file.card.no, kind);
  } catch {
    got = { ok: false, error: t("room.error.offline") };
  }
  pressed.disabled = got.ok;
  toast(got.ok ? got.body.text : got.error || t("room.error.broken"), !got.ok);
}
