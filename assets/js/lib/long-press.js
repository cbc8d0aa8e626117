/** Detects a long press of a finger, for touch screens. */

const PRESS_MS = 500;
/** Longer than browsers take that ask for a menu by themselves. */
const MENU_MS = 700;
const MOVED_PX = 10;

/**
 * @param {HTMLElement} element
 * @param {() => void} action
 */
export function longPress(element, action) {
  held(element, PRESS_MS, () => {
    swallowClick();
    action();
  });
  element.addEventListener("contextmenu", (event) => {
    if (matchMedia("(hover: none)").matches) event.preventDefault();
  });
}

/**
 * Does what `contextmenu` does, on touch screens whose browser never sends that (Safari on iOS). It
 * waits until the finger is lifted, which would close a popover.
 * @param {HTMLElement} element
 * @param {(target: EventTarget|null) => void} action
 */
export function menuPress(element, action) {
  const stop = held(element, MENU_MS, ({ target }) => {
    swallowClick();
    const end = new AbortController();
    const { signal } = end;
    const lifted = () => {
      end.abort();
      setTimeout(() => action(target));
    };
    addEventListener("pointerup", lifted, { signal });
    for (const other of ["pointercancel", "contextmenu"])
      addEventListener(other, () => end.abort(), { signal, capture: true });
  });
  element.addEventListener("contextmenu", stop);
}

// Internal

/**
 * @param {HTMLElement} element
 * @param {number} delay milliseconds
 * @param {(event: PointerEvent) => void} action called while the finger is still down
 * @returns {() => void} forgets a press that has begun
 */
function held(element, delay, action) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  let x = 0;
  let y = 0;
  const stop = () => clearTimeout(timer);
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    ({ clientX: x, clientY: y } = event);
    stop();
    timer = setTimeout(() => action(event), delay);
  });
  element.addEventListener("pointermove", (event) => {
    if (Math.abs(event.clientX - x) > MOVED_PX || Math.abs(event.clientY - y) > MOVED_PX) stop();
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"])
    element.addEventListener(end, stop);
  return stop;
}

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
