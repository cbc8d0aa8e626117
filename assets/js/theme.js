/**
 * Sets the chosen theme before the first paint; a classic script in the head, so that nothing
 * flashes.
 */
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is refused: the system's setting holds.
  }
})();
