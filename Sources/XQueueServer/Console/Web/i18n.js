// The words of the console in the reader's language.

import { refusal } from "./refusals.js";
import { en } from "./words-en.js";
import { zh } from "./words-zh.js";

const words = { en, zh };

export const languages = [["en", "English"], ["zh", "中文"]];

let current = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

export function language() {
  return current;
}

/** Changes the language and remembers it. Whoever shows words makes them again after that. */
export function setLanguage(name) {
  current = name in words ? name : "en";
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  remember("xqueue.language", current);
}

const numbers = { en: new Intl.NumberFormat("en-GB"), zh: new Intl.NumberFormat("zh-CN") };

/** A number as the reader's language writes it. */
export const number = (value) => numbers[current].format(value);

/**
 * The words of `key`, with `{name}` replaced; numbers are written as the language does. Where a number `n` decides,
 * `key.one` is used for one.
 */
export function t(key, values = {}) {
  const table = words[current];
  const text = (values.n === 1 ? table[`${key}.one`] : undefined) ?? table[key] ?? words.en[key] ?? key;
  const written = (value) => (typeof value === "number" ? number(value) : String(value));
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? written(values[name]) : all));
}

/** The words of `GROUP.NAME`; the name itself if there are none, as for what a newer server says. */
export function word(group, name) {
  const key = `${group}.${name}`;
  return key in words[current] ? t(key) : name;
}

/**
 * What an error of the API says, in the reader's language as far as its code, and what it says of a field, are known
 * here; else as the server says it.
 */
export function explain(error) {
  const key = `code.${error.code}`;
  if (!(key in words[current])) return error.message;
  const known = refusal(error);
  const isKnown = known !== null && known.key in words[current];
  return t(key, { message: isKnown ? t(known.key, known.values) : error.message, field: error.field ?? "" });
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing still shows the page.
  }
}
