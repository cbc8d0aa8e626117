/**
 * Runs before everything else, as a classic script in the head: sets the chosen theme before the
 * first paint, so that the page does not flash. If a file of the page cannot be loaded, it loads the
 * page once more, and then says what is wrong.
 */
(() => {
  /** In the languages of the page, whose texts may be what is missing. @type {Record<string, string[]>} */
  const TEXTS = {
    en: ["The page could not be loaded", "Check the connection, then reload the page.", "Reload"],
    ko: ["페이지를 불러오지 못했습니다", "연결을 확인한 뒤 새로 고쳐 주세요.", "새로 고침"],
    ru: ["Страница не загрузилась", "Проверьте соединение и обновите страницу.", "Обновить"],
    zh: ["页面加载失败", "请检查网络连接，然后刷新页面。", "刷新"],
  };
  const KEY = "reloadedAt";
  const AGAIN_MS = 1000;
  /** A failure so long after the last one is another one. */
  const APART_MS = 30_000;
  let failed = false;

  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is refused: the system's setting holds.
  }

  const place = () => document.querySelector("app-root, main");

  /** What is shown already says itself what is wrong. */
  function fail() {
    if (failed || place()?.firstElementChild) return;
    failed = true;
    let before = 0;
    try {
      before = Number(sessionStorage.getItem(KEY));
      sessionStorage.setItem(KEY, String(Date.now()));
    } catch {
      // Without storage, nothing tells how often it was tried.
      return show();
    }
    if (Date.now() - before > APART_MS) setTimeout(() => location.reload(), AGAIN_MS);
    else show();
  }

  function show() {
    const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in TEXTS);
    const [title, text, action] = TEXTS[language ?? "en"];
    const make = (/** @type {string} */ tag, /** @type {string} */ content) => {
      const element = document.createElement(tag);
      element.append(content);
      return element;
    };
    const button = make("button", action);
    button.className = "button primary";
    button.addEventListener("click", () => location.reload());
    const main = document.createElement("main");
    main.className = "unloaded";
    main.lang = language ?? "en";
    main.append(make("h1", title), make("p", text), button);
    (place() ?? document.body).replaceChildren(main);
  }

  const later = () => {
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", fail);
    else fail();
  };
  // Files that are missing do not bubble.
  addEventListener("error", later, true);
  addEventListener("unhandledrejection", later);
})();
