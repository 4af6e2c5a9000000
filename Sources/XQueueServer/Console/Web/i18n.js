// The console's texts in the user's language.

import { cronRejection } from "./cron-rejections.js";
import { rejection } from "./rejections.js";
import { en } from "./words-en.js";
import { zh } from "./words-zh.js";

const words = { en, zh };

export const languages = [["en", "English"], ["zh", "中文"]];

let current = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

export function language() {
  return current;
}

/** Changes the language and remembers it. The caller must rebuild the page. */
export function setLanguage(name) {
  current = name in words ? name : "en";
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  remember("xqueue.language", current);
}

const numbers = { en: new Intl.NumberFormat("en-GB"), zh: new Intl.NumberFormat("zh-CN") };

/** A number in the user's language. */
export const number = (value) => numbers[current].format(value);

/** The text of `key`, with `{name}` placeholders replaced. If the value `n` is 1, `key.one` is used where it exists. */
export function t(key, values = {}) {
  const table = words[current];
  const text = (values.n === 1 ? table[`${key}.one`] : undefined) ?? table[key] ?? words.en[key] ?? key;
  const written = (value) => (typeof value === "number" ? number(value) : String(value));
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? written(values[name]) : all));
}

/** The text of `GROUP.NAME`; the name itself if there is none, as for values from a newer server. */
export function word(group, name) {
  const key = `${group}.${name}`;
  return key in words[current] ? t(key) : name;
}

/** The message of an API error, in the user's language if its code and the problem with its field are known. */
export function explain(error) {
  const key = `code.${error.code}`;
  if (!(key in words[current])) return error.message;
  const known = rejection(error);
  const isKnown = known !== null && known.key in words[current];
  if (known?.key === "rejected.cron") known.values.why = explainCron(known.values.why);
  return t(key, { message: isKnown ? t(known.key, known.values) : error.message, field: error.field ?? "" });
}

/** What is wrong with a cron expression. English is what the server says. */
function explainCron(message) {
  const known = current === "en" ? null : cronRejection(message);
  if (known === null) return message;
  const why = t(known.key, known.values);
  return known.field ? t("cron.field", { name: t(known.field), why }) : why;
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Storage may be disabled.
  }
}
