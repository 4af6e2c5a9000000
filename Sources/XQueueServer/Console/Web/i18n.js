// The words of the console in the reader's language.

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

/** The words of `key`, with `{name}` replaced. Where a number `n` decides, `key.one` is used for one. */
export function t(key, values = {}) {
  const table = words[current];
  const text = (values.n === 1 ? table[`${key}.one`] : undefined) ?? table[key] ?? words.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing still shows the page.
  }
}
