// The fields of the submit form that say which other tasks there may not be.

import { h, show } from "./dom.js";
import { t } from "./i18n.js";
import { heldFields, relevantFields } from "./unique.js";

/** The fields, made by `field(name, options)` of the form. */
export function uniqueFormFields(field) {
  const choice = (name, values) => field(name, {
    label: t(`submit.${name}`), choices: values.map((value) => [value, t(`submit.${name}.${value || "none"}`)]),
  });
  const seconds = (name) => field(name, { label: t(`submit.${name}`), mode: "decimal" });
  return [
    field("unique_key", { label: t("submit.unique_key"), hint: t("submit.unique_key.hint") }),
    choice("unique_parts", ["", "all", "some"]),
    field("unique_by", { label: t("submit.unique_by"), hint: t("submit.unique_by.hint"), placeholder: "customer.id, region" }),
    choice("unique_on_conflict", ["return", "reject", "replace", "rerun", "debounce"]),
    choice("unique_until", ["done", "started", "window"]),
    seconds("unique_window"),
    seconds("unique_wait"),
    seconds("unique_max_wait"),
    choice("unique_keep", ["latest", "first"]),
    choice("unique_across_types", ["no", "yes"]),
  ];
}

/** The fieldset with these fields, for an edit only those that a task keeps: `{node, update(values)}`. */
export function uniqueFieldset(fields, isEdit) {
  const node = h("fieldset", {}, h("legend", {}, t("submit.unique")),
    h("div", { class: "grid" }, fields.map((entry) => entry.node)));
  const update = (values) => {
    const names = isEdit ? heldFields(values) : relevantFields(values);
    for (const entry of fields) {
      const isShown = names.includes(entry.name);
      show(entry.node, isShown);
      if (!isShown) entry.error = null;
    }
  };
  return { node, update };
}
