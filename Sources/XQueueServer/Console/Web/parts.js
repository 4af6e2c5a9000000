// Small components shared by several views.

import { h, setAttribute, setText, show } from "./dom.js";
import { ago, clockTime, percent } from "./format.js";
import { t, word } from "./i18n.js";
import { icon } from "./icons.js";

/** A status chip: `{node, update(status)}`. */
export function statusChip(status) {
  const node = h("span", { class: "chip" });
  const update = (next) => {
    setAttribute(node, "data-status", next);
    setText(node, t(`status.${next}`));
  };
  update(status);
  return { node, update };
}

/** A progress bar from 0 to 100 %, hidden if the value is unknown. */
export function progressBar(label) {
  const fill = h("span", { class: "bar-fill" });
  const bar = h("span", {
    class: "bar", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100,
  }, fill);
  const text = h("span", { class: "bar-text" });
  const node = h("span", { class: "bar-row" }, bar, text);
  const update = (value, status) => {
    const isKnown = value !== null && value !== undefined;
    show(node, isKnown);
    if (!isKnown) return;
    const rounded = Math.round(value);
    fill.style.inlineSize = `${rounded}%`;
    setAttribute(bar, "aria-valuenow", rounded);
    setAttribute(node, "data-status", status);
    setText(text, `${rounded} %`);
  };
  return { node, update };
}

/** A bar that shows how much of something is used. */
export function meter(label) {
  const fill = h("span", { class: "bar-fill" });
  const node = h("span", { class: "bar", role: "img" }, fill);
  const update = (used, limit, words) => {
    const share = percent(used, limit);
    fill.style.inlineSize = `${share}%`;
    setAttribute(node, "data-full", share >= 100);
    setAttribute(node, "aria-label", `${label}: ${words}`);
  };
  return { node, update };
}

/** The load of a node; unknown for tokens limited to types if the node serves others as well. */
export function loadWords({ running, capacity }) {
  return running === null || capacity === null ? "–" : t("workers.load", { running, n: capacity });
}

/** A time relative to now, with the exact time on hover. */
export function timeAgo(milliseconds) {
  const node = h("time");
  const update = (next) => {
    node.dataset.ago = String(next);
    setAttribute(node, "datetime", new Date(next).toISOString());
    setAttribute(node, "title", clockTime(next));
    setText(node, ago(next));
  };
  update(milliseconds);
  return { node, update };
}

/** Updates all relative times in `root`. */
export function refreshTimes(root) {
  for (const node of root.querySelectorAll("time[data-ago]")) setText(node, ago(Number(node.dataset.ago)));
}

/** A link to a task, labeled with an abbreviated ID. */
export function taskLink(id, name) {
  return h("a", { class: "mono cut", href: `#/tasks/${id}`, title: id }, name);
}

/** Why a pending task does not run yet, unless it is only waiting for its turn; empty for any other task. */
export function whyWaiting({ status, pending_reason: reason }) {
  return status !== "pending" || !reason || reason === "ready" ? "" : word("reason", reason);
}

/** Why a failed task is not retried, as far as its record shows; empty for any other task. */
export function whyFailed(task) {
  if (task.status !== "failed") return "";
  if (task.retry_count < task.max_retry) return t("failed.final");
  return task.max_retry === 0 ? t("failed.noretries") : t("failed.usedup", { n: task.max_retry });
}

/** A button for submitting the first task. */
export function firstTask() {
  return h("a", { class: "button primary", href: "#/submit" }, t("overview.first"));
}

/** A button that copies `text()`. */
export function copyButton(text, label = t("copy")) {
  const words = h("span", {}, label);
  const picture = h("span", { class: "swap" }, icon("copy"));
  const node = h("button", {
    type: "button",
    class: "button small",
    on: {
      click: async () => {
        await copy(text());
        setText(words, t("copied"));
        picture.replaceChildren(icon("check"));
        setTimeout(() => {
          setText(words, label);
          picture.replaceChildren(icon("copy"));
        }, 1500);
      },
    },
  }, picture, words);
  words.setAttribute("aria-live", "polite");
  return node;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers deny clipboard access to pages without TLS; this older API still works there.
    const area = h("textarea", { class: "off-screen", "aria-hidden": "true", value: text });
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    focused?.focus();
  }
}

/** A card with a heading. */
export function card(title, options, ...children) {
  const id = `card-${options.name}`;
  return h(
    "section",
    { class: `card ${options.class ?? ""}`, "aria-labelledby": id },
    h("div", { class: "card-head" }, h("h2", { id }, title), options.aside),
    children,
  );
}

/** A block of preformatted text; a long one is truncated until expanded. */
export function textBlock(text, label, most = 20_000) {
  const pre = h("pre", { class: "code", tabindex: 0, role: "region", "aria-label": label });
  if (text.length <= most) {
    pre.textContent = text;
    return pre;
  }
  pre.textContent = `${text.slice(0, most)}…`;
  const more = h("button", {
    type: "button",
    class: "button small",
    on: {
      click: () => {
        pre.textContent = text;
        more.remove();
        pre.focus();
      },
    },
  }, t("task.showall", { n: text.length }));
  return h("div", { class: "stack" }, pre, more);
}

/** A placeholder for an empty list. */
export function emptyNote(text, ...children) {
  return h("div", { class: "empty" }, h("p", {}, text), children);
}
