// A live preview of the form: when the schedule fires in words, and its next ticks in both time zones.

import { api } from "./api.js";
import { h, replace, setText, show } from "./dom.js";
import { explain, language, t } from "./i18n.js";
import { card } from "./parts.js";
import { body } from "./submission.js";
import { readerTime, readerZone, zoneTime } from "./zones.js";

/** Wait after the last key press, in milliseconds. */
const DELAY = 300;

/**
 * `read()` returns the request's members, null if there is nothing to preview. `onAnswer(error)` is called with the
 * server's error, null without one.
 */
export function schedulePreview({ read, onAnswer }) {
  let timer = 0;
  let request = null;
  let shown = "";
  const words = h("p", { class: "preview-words", role: "status" });
  const rows = h("tbody");
  const zone = h("th", { scope: "col" });
  const table = h("table", { class: "preview-table", hidden: true },
    h("caption", { class: "off-screen" }, t("schedule.ticks")),
    h("thead", {}, h("tr", {}, zone, h("th", { scope: "col" }, t("schedule.yourzone", { zone: readerZone() })))),
    rows);
  const hint = h("p", { class: "muted small-text" });
  const node = card(t("schedule.preview"), { name: "preview" }, words, table, hint);

  function say(text) {
    setText(words, "");
    show(table, false);
    setText(hint, text);
  }

  function cell({ text, offset }) {
    return h("td", {}, text, " ", h("span", { class: "muted small-text" }, offset));
  }

  function take(answer) {
    setText(words, answer.explain[language()] ?? answer.explain.en);
    setText(zone, answer.time_zone);
    replace(rows, answer.next.map((tick) => h("tr", { "data-tick": tick.at },
      cell(zoneTime(tick.local)), cell(readerTime(Date.parse(tick.at))))));
    show(table, answer.next.length > 0);
    setText(hint, answer.next.length === 0
      ? t("schedule.preview.none") : answer.tzdata ? t("schedule.tzdata", { version: answer.tzdata }) : "");
  }

  async function ask(text) {
    request = new AbortController();
    const { signal } = request;
    try {
      const answer = await api.previewSchedule(text, signal);
      if (signal.aborted) return;
      take(answer);
      onAnswer(null);
    } catch (error) {
      if (signal.aborted) return;
      // The next change asks again, even if it is undone.
      shown = "";
      say(error.field ? t("schedule.preview.invalid") : t("load.failed", { message: explain(error) }));
      onAnswer(error);
    }
  }

  /** Called after each change of the form; `isNow` does not wait for more. */
  function update({ isNow = false } = {}) {
    const members = read();
    const text = members === null ? "" : body(members);
    if (text === shown) return undefined;
    shown = text;
    clearTimeout(timer);
    request?.abort();
    if (members === null) return say(t("schedule.preview.empty"));
    if (words.textContent === "") say(t("loading"));
    timer = setTimeout(() => ask(text), isNow ? 0 : DELAY);
    return undefined;
  }

  say(t("schedule.preview.empty"));
  return {
    node,
    update,
    close() {
      clearTimeout(timer);
      request?.abort();
    },
  };
}
