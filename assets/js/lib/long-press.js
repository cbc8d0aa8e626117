/** Detects a long press of a finger, for touch screens. */

const PRESS_MS = 500;
const MOVED_PX = 10;

/** Lifting the finger is no click on what has come under it. */
function swallowClick() {
  const stop = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", stop, { capture: true, once: true });
  addEventListener("pointerdown", () => removeEventListener("click", stop, { capture: true }), {
    capture: true,
    once: true,
  });
}

/**
 * @param {HTMLElement} element
 * @param {() => void} action
 */
export function longPress(element, action) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  let x = 0;
  let y = 0;
  const stop = () => clearTimeout(timer);
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    ({ clientX: x, clientY: y } = event);
    stop();
    timer = setTimeout(() => {
      swallowClick();
      action();
    }, PRESS_MS);
  });
  element.addEventListener("pointermove", (event) => {
    if (Math.abs(event.clientX - x) > MOVED_PX || Math.abs(event.clientY - y) > MOVED_PX) stop();
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"])
    element.addEventListener(end, stop);
  element.addEventListener("contextmenu", (event) => {
    if (matchMedia("(hover: none)").matches) event.preventDefault();
  });
}
