// Confirmation dialogs and notifications.

import { h } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Asks for confirmation; resolves to whether it was given. The dialog is modal: it traps the keyboard focus, Escape
 * closes it, and the focus returns to where it was. `subject` shows what the action applies to. `extra` may hold
 * fields, whose values `check()` validates, possibly by asking the server. Without `yes`, the dialog only explains.
 */
export function confirm({ title, subject = null, text, yes, isDangerous = false, extra = null, check = () => true }) {
  return new Promise((resolve) => {
    const focused = document.activeElement;
    let isChecking = false;
    const accept = async () => {
      if (isChecking) return;
      isChecking = true;
      const isFine = await check();
      isChecking = false;
      if (isFine) dialog.close("yes");
    };
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title", "aria-describedby": "dialog-subject dialog-text" },
      h("h2", { id: "dialog-title" }, title),
      subject && h("div", { id: "dialog-subject" }, subject),
      h("p", { id: "dialog-text" }, text),
      extra,
      h(
        "div",
        { class: "actions end" },
        h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t("dismiss")),
        yes && h("button", {
          type: "button",
          class: isDangerous ? "button danger" : "button primary",
          data: { answer: "yes" },
          on: { click: accept },
        }, yes),
      ),
    );
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("keydown", (event) => {
      keepFocus(event, dialog);
      if (event.key === "Enter" && event.target.tagName === "INPUT") accept();
    });
    dialog.addEventListener("close", () => {
      const answer = dialog.returnValue === "yes";
      dialog.remove();
      if (focused?.isConnected) focused.focus();
      resolve(answer);
    });
    addEventListener("hashchange", () => dialog.close(), { once: true });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Keeps Tab within the dialog; by default the focus could leave a modal dialog for the browser's own controls. */
function keepFocus(event, dialog) {
  if (event.key !== "Tab") return;
  const stops = [...dialog.querySelectorAll("button, a[href], input, select, summary, textarea")];
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
}

const SHOWN = 6000;
let place = null;

/** Shows a message for a few seconds, and announces it to screen readers. */
export function notify(text, { isError = false, link = null } = {}) {
  if (!place?.isConnected) {
    place = h("div", { class: "notices", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  const close = () => node.remove();
  const node = h(
    "div",
    { class: isError ? "notice error" : "notice" },
    h("span", {}, text),
    link && h("a", { href: link.href, on: { click: close } }, link.text),
    h("button", { type: "button", class: "plain", "aria-label": t("close"), on: { click: close } }, "×"),
  );
  place.append(node);
  while (place.childElementCount > 3) place.firstElementChild.remove();
  setTimeout(close, isError ? 2 * SHOWN : SHOWN);
}
