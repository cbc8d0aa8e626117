/** Builds DOM nodes. The only way content gets into the page: text is never parsed as HTML. */

/** Set as properties, because their attribute holds the initial value only. */
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "indeterminate"]);

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @overload
 * @param {K} tag
 * @param {Record<string, any>|null} [props]
 * @param {...any} children
 * @returns {HTMLElementTagNameMap[K]}
 */
/**
 * @overload
 * @param {string} tag
 * @param {Record<string, any>|null} [props]
 * @param {...any} children
 * @returns {HTMLElement}
 */
/**
 * @param {string} tag
 * @param {Record<string, any>|null} [props] `onclick` and the like are listeners, the rest
 *   attributes
 * @param {...any} children nodes, texts, numbers, lists of them; null and false are left out
 * @returns {HTMLElement}
 */
export function h(tag, props = null, ...children) {
  const element = document.createElement(tag);
  if (props) set(element, props);
  element.append(...nodes(children));
  return element;
}

/**
 * Sets what differs and leaves the rest alone.
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, any>} props
 * @returns {E}
 */
export function set(element, props) {
  const target = /** @type {any} */ (element);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) {
      // An option without a value has its text for one.
      if (target[name] !== value || target.localName === "option") target[name] = value;
    } else if (value === null || value === undefined || value === false)
      element.removeAttribute(name);
    else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
  return element;
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {...any} children
 * @returns {E}
 */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Emits an event that chat-app handles.
 * @param {Element} from
 * @param {string} type
 * @param {any} [detail]
 */
export function emit(from, type, detail) {
  from.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
}

/**
 * @param {any[]} children
 * @returns {(Node|string)[]}
 */
function nodes(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
