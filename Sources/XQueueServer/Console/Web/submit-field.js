// A form field: label, control, hint and error, linked for screen readers.

import { h, setAttribute, setText, show } from "./dom.js";
import { t } from "./i18n.js";

export class Field {
  name;
  node;
  initial;

  #control;
  #error;
  #head;
  #described;

  /** `choices` makes a select, `rows` a text area; otherwise a single-line input. */
  constructor(name, { label, hint, choices, rows, type = "text", list, mode, step, required, placeholder, onInput }) {
    this.name = name;
    const id = `field-${name}`;
    const shared = { id, name, on: { input: onInput, change: onInput } };
    if (choices) {
      this.#control = h("select", shared, choices.map(([value, text]) => h("option", { value }, text)));
    } else if (rows) {
      this.#control = h("textarea", { ...shared, rows, spellcheck: "false", class: "mono" });
    } else {
      this.#control = h("input", {
        ...shared, type, list, step, inputmode: mode, autocomplete: "off", spellcheck: "false",
        placeholder: placeholder ?? (mode ? t("submit.default") : null), "aria-required": required,
      });
    }
    this.initial = choices ? choices[0][0] : "";
    this.#error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
    const note = hint ? h("span", { class: "hint", id: `${id}-hint` }, hint) : null;
    this.#described = hint ? `${id}-hint` : null;
    setAttribute(this.#control, "aria-describedby", this.#described);
    this.#head = h("div", { class: "field-head" }, h("label", { for: id }, label), note);
    this.node = h("div", { class: `field field-${name}` }, this.#head, this.#control, this.#error);
  }

  get value() {
    return this.#control.value;
  }

  set value(text) {
    this.#control.value = text;
  }

  get hasError() {
    return !this.#error.hidden;
  }

  set error(text) {
    setText(this.#error, text ?? "");
    show(this.#error, Boolean(text));
    setAttribute(this.#control, "aria-invalid", text ? "true" : null);
    const ids = [text ? this.#error.id : null, this.#described].filter(Boolean).join(" ");
    setAttribute(this.#control, "aria-describedby", ids || null);
  }

  focus() {
    this.#control.focus();
  }

  addAside(node) {
    this.#head.append(node);
  }
}
