// The login page: exchanges a token for a session cookie.

import { api } from "./api.js";
import { h, setText, show } from "./dom.js";
import { explain, language, languages, setLanguage, t } from "./i18n.js";
import { mark } from "./icons.js";

/** Whether these scopes allow using the console, all of which needs `read`. */
export const maySee = ({ scopes }) => scopes.includes("read") || scopes.includes("admin");

/** `onLogin()` is called after a login, `onLanguage()` after the language changed. */
export function loginView({ onLogin, onLanguage }) {
  const error = h("p", { class: "field-error", id: "login-error", role: "alert", hidden: true });
  const token = h("input", {
    id: "login-token", name: "token", type: "password", autocomplete: "current-password", spellcheck: "false",
    autocapitalize: "off", "aria-describedby": "login-hint login-error", "aria-required": "true",
  });
  const send = h("button", { type: "submit", class: "button primary" }, t("login.send"));
  const menu = h(
    "select",
    {
      id: "language", "aria-label": t("menu.language"),
      on: {
        change: () => {
          setLanguage(menu.value);
          onLanguage();
        },
      },
    },
    languages.map(([value, text]) => h("option", { value, lang: value }, text)),
  );
  menu.value = language();

  function showError(text) {
    setText(error, text);
    show(error, text !== "");
    token.setAttribute("aria-invalid", String(text !== ""));
  }

  async function logIn() {
    const text = token.value.trim();
    if (text === "") {
      showError(t("login.empty"));
      return token.focus();
    }
    send.disabled = true;
    try {
      const session = await api.logIn(text);
      if (maySee(session)) return onLogin();
      await api.logOut();
      showError(t("login.scope"));
    } catch (problem) {
      showError(problem.status === 401 ? t("login.wrong") : t("failed.action", { message: explain(problem) }));
    }
    send.disabled = false;
    token.select();
    return token.focus();
  }

  const form = h(
    "form",
    {
      class: "card login",
      "aria-labelledby": "login-title",
      on: {
        submit: (event) => {
          event.preventDefault();
          logIn();
        },
      },
    },
    h("div", { class: "login-head" }, h("span", { class: "brand" }, mark(), h("span", {}, "XQueue")), menu),
    h("h1", { id: "login-title" }, t("login.title")),
    h("div", { class: "field" },
      h("label", { for: "login-token" }, t("login.token")),
      token, error,
      h("p", { class: "hint", id: "login-hint" }, t("login.hint"))),
    h("div", { class: "actions end" }, send),
  );
  return { node: h("main", { id: "main", class: "login-page" }, form), focus: () => token.focus() };
}
