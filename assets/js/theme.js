/**
 * Sets the chosen theme before the first paint. A classic script in the head, so that the page does
 * not flash.
 */
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is refused: the system's setting holds.
  }
})();
