// Runs before the first paint, so that the page never flashes the wrong theme or language.
(() => {
  const read = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const root = document.documentElement;
  const theme = read("xqueue.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const language = read("xqueue.language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
  root.lang = language === "zh" ? "zh-CN" : "en";
})();
