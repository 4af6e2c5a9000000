// The frame around every view: header, navigation, connection state.

import { h, replace, setAttribute, setText, show } from "./dom.js";
import { language, languages, remember, setLanguage, t } from "./i18n.js";
import { icon, mark } from "./icons.js";

export const SECTIONS = ["overview", "tasks", "schedules", "submit", "types", "workers"];

/** Calls `onLanguage()` after the language changed, `onRetry()` to reconnect now, `onLogout()`, if given, to log out. */
export function shell({ onLanguage, onRetry, onLogout }) {
  const links = Object.fromEntries(SECTIONS.map((name) => [name, h(
    "a", { href: `#/${name}`, class: "nav-link" }, icon(name), h("span", {}, t(`nav.${name}`)))]));
  const pill = h("span", { class: "pill", role: "status" });
  const languageMenu = h(
    "select",
    {
      id: "language", "aria-label": t("menu.language"),
      on: {
        change: () => {
          setLanguage(languageMenu.value);
          onLanguage();
        },
      },
    },
    languages.map(([value, text]) => h("option", { value, lang: value }, text)),
  );
  languageMenu.value = language();
  const theme = h(
    "select",
    { id: "theme", "aria-label": t("menu.theme"), on: { change: () => setTheme(theme.value) } },
    ["auto", "light", "dark"].map((value) => h("option", { value }, t(`theme.${value}`))),
  );
  theme.value = document.documentElement.dataset.theme ?? "auto";
  const banner = h("div", { class: "banner", role: "alert", hidden: true });
  const upgrade = h("div", { class: "banner calm", role: "status", hidden: true },
    h("span", {}, t("upgraded")),
    h("button", { type: "button", class: "button small", on: { click: () => location.reload() } }, t("reload")));
  const main = h("main", { id: "main", tabindex: -1 });
  const nodes = [
    h("a", {
      class: "skip", href: "#main",
      on: {
        click: (event) => {
          event.preventDefault();
          main.focus();
        },
      },
    }, t("skip")),
    h("header", { class: "head" },
      h("a", { class: "brand", href: "#/overview" }, mark(), h("span", {}, "XQueue")),
      h("nav", { class: "nav", "aria-label": t("nav.label") }, Object.values(links)),
      h("div", { class: "head-side" }, pill, theme, languageMenu,
        onLogout && h("button", { type: "button", id: "logout", class: "button small", on: { click: onLogout } },
          t("logout")))),
    banner, upgrade, main,
  ];

  return {
    nodes,
    main,
    mark(section) {
      for (const [name, link] of Object.entries(links)) {
        setAttribute(link, "aria-current", name === section ? "page" : null);
      }
    },
    connection(state, reason) {
      setAttribute(pill, "data-state", state);
      setText(pill, t(`live.${state}`));
      const isBad = state === "lost" || state === "failing";
      show(banner, isBad);
      if (!isBad) return replace(banner);
      // Built once, so that screen readers announce it once and the button keeps the focus.
      if (banner.childElementCount === 0 || banner.dataset.state !== state) {
        banner.dataset.state = state;
        replace(banner, icon("alert"),
          h("div", {}, h("b", {}, t(`${state}.title`)), " ", h("span", {}, t("lost.text")),
            reason ? h("span", {}, " ", t("lost.reason", { reason })) : null),
          h("button", { type: "button", class: "button small", on: { click: onRetry } }, t("lost.retry")));
      }
      return undefined;
    },
    upgraded: () => show(upgrade, true),
  };
}

function setTheme(value) {
  const { dataset } = document.documentElement;
  if (value === "auto") delete dataset.theme;
  else dataset.theme = value;
  remember("xqueue.theme", value);
}
