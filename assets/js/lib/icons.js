/**
 * The line icons, 20 × 20, drawn with createElementNS. A string is a path, three numbers a circle,
 * five a rounded box.
 */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {string|number[]} Shape */

/** Those of more-icons.js are added. @type {Record<string, Shape[]>} */
const SHAPES = {
  add: ["M10 4.25v11.5M4.25 10h11.5"],
  addPerson: [[8, 7, 2.75], "M3 16c.3-2.9 2.2-4.5 5-4.5 1.8 0 3.2.65 4.05 1.9M15 11v5M12.5 13.5h5"],
  archive: [
    [3.25, 4, 13.5, 3.75, 1],
    "M4.5 7.75v6.75A1.5 1.5 0 0 0 6 16h8a1.5 1.5 0 0 0 1.5-1.5V7.75M8 10.75h4",
  ],
  bookmark: ["M5.75 3.75h8.5v12.5L10 13.25l-4.25 3z"],
  back: ["M12 4.75 6.75 10 12 15.25"],
  check: ["m4.5 10.5 3.75 3.75 7.25-8.25"],
  clock: [[10, 10, 6.5], "M10 6.25V10l2.5 1.75"],
  close: ["m5.5 5.5 9 9M14.5 5.5l-9 9"],
  clip: [
    "m15.75 9.25-5.9 5.9a3.35 3.35 0 0 1-4.75-4.75l6-6a2.25 2.25 0 0 1 3.2 3.2l-5.9 5.9a1.12 1.12 0 0 1-1.6-1.6l5.35-5.35",
  ],
  compass: [[10, 10, 6.75], "m12.75 7.25-1.5 4-4 1.5 1.5-4z"],
  compose: [
    "M9 4H5.5A1.5 1.5 0 0 0 4 5.5v9A1.5 1.5 0 0 0 5.5 16h9a1.5 1.5 0 0 0 1.5-1.5V11",
    "m8.5 11.5.5-2.25 6-6a1.24 1.24 0 0 1 1.75 1.75l-6 6z",
  ],
  copy: [
    [7.25, 7.25, 9, 9, 1.5],
    "M12.75 7.25v-2a1.5 1.5 0 0 0-1.5-1.5h-6a1.5 1.5 0 0 0-1.5 1.5v6a1.5 1.5 0 0 0 1.5 1.5h2",
  ],
  down: ["M10 4.25v11.25M5.25 11 10 15.75 14.75 11"],
  download: ["M10 3.75v8.5M6.25 8.75 10 12.5l3.75-3.75M4 16.25h12"],
  edit: ["m4.25 15.75.75-3.25 8.25-8.25a1.77 1.77 0 0 1 2.5 2.5L7.5 15z"],
  eye: [
    "M2.75 10S5.5 5.25 10 5.25 17.25 10 17.25 10 14.5 14.75 10 14.75 2.75 10 2.75 10z",
    [10, 10, 2],
  ],
  file: [
    "M5 4.5A1.5 1.5 0 0 1 6.5 3h4.75L15 6.75v8.75a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 5 15.5z",
    "M11 3.25V7h3.75M7.75 10.5h4.5M7.75 13.5h3",
  ],
  format: ["M2.75 15.25 6.75 4.75l4 10.5M4 12h5.5M17.25 15.25v-4.5M17.25 12.9", [14.9, 12.9, 2.35]],
  image: [[3.25, 4, 13.5, 12, 2], [7.5, 8, 1.25], "m3.5 14 3.75-3.5 2.75 2.25L13 9.5l3.75 3.75"],
  link: [
    "M8.5 11.5a3 3 0 0 0 4.25 0l2.5-2.5A3 3 0 0 0 11 4.75l-.75.75M11.5 8.5a3 3 0 0 0-4.25 0L4.75 11A3 3 0 0 0 9 15.25l.75-.75",
  ],
  lock: [[4.75, 9, 10.5, 7.25, 1.75], "M7 9V6.75a3 3 0 0 1 6 0V9"],
  logo: [
    "M3.5 8a3 3 0 0 1 3-3h5a3 3 0 0 1 0 6H8l-2.5 2.5V10.8A3 3 0 0 1 3.5 8z",
    "M14.8 8.3A2.7 2.7 0 0 1 14.5 13.4v2L12.25 13.4H10",
  ],
  moon: ["M16 11.6A6.5 6.5 0 1 1 8.4 4a5.25 5.25 0 0 0 7.6 7.6z"],
  more: [
    [4.5, 10, 0.75],
    [10, 10, 0.75],
    [15.5, 10, 0.75],
  ],
  muted: [
    "M6.9 5.2A4.5 4.5 0 0 1 14.5 8.5c0 1.3.17 2.25.4 2.93M5.56 7.8c-.04.23-.06.46-.06.7 0 3.5-1.25 4.5-1.25 4.5H13M8.5 15.75a1.7 1.7 0 0 0 3 0M3.5 3.5l13 13",
  ],
  offline: [
    "M6.2 15.5a3.45 3.45 0 0 1-.5-6.85M8 5.2a4.6 4.6 0 0 1 6.6 3.6 3.4 3.4 0 0 1 1.8 5.7M6.2 15.5h7.3M3.5 3.5l13 13",
  ],
  people: [
    [7.75, 7, 2.75],
    "M2.75 16c.3-2.9 2.2-4.5 5-4.5s4.7 1.6 5 4.5M12.75 4.5a2.75 2.75 0 0 1 0 5M14.25 11.9c1.7.6 2.8 2 3 4.1",
  ],
  person: [[10, 7, 3], "M4.25 16.25c.35-3 2.5-4.75 5.75-4.75s5.4 1.75 5.75 4.75"],
  react: [
    "M11.5 3.5A6.75 6.75 0 1 0 16.6 9",
    "M7.25 11.75a3.4 3.4 0 0 0 5.5 0M7.75 8v.25M12.25 8v.25M15.5 2.5v5M13 5h5",
  ],
  pin: ["M7.25 3.5h5.5M8.25 3.5v4L6 10.25V12h8v-1.75L11.75 7.5v-4M10 12v4.75"],
  reply: ["M8 5 3.75 9.25 8 13.5", "M4.25 9.25H11a5 5 0 0 1 5 5v1"],
  room: [
    "M4.5 4h11A1.5 1.5 0 0 1 17 5.5v7a1.5 1.5 0 0 1-1.5 1.5H9.75L6 17v-3H4.5A1.5 1.5 0 0 1 3 12.5v-7A1.5 1.5 0 0 1 4.5 4z",
  ],
  say: ["M3.75 8.25v3.5h2.5l7 3.5V4.75l-7 3.5zM6.5 11.75l.75 4h1.75M16 8.5v3"],
  search: [[9, 9, 5.25], "m13 13 3.75 3.75"],
  seen: ["m2.75 10.5 3.5 3.75 6.75-8.25M9.5 13.25l1 1L17.5 6"],
  send: ["M10 15.75V4.5M5.25 9 10 4.25 14.75 9"],
  settings: ["M3.5 6.5h6M13.5 6.5h3M3.5 13.5h3M10.5 13.5h6", [11.5, 6.5, 2], [8.5, 13.5, 2]],
  sun: [
    [10, 10, 3.25],
    "M10 2.75v1.5M10 15.75v1.5M2.75 10h1.5M15.75 10h1.5M4.9 4.9l1.05 1.05M14.05 14.05l1.05 1.05M4.9 15.1l1.05-1.05M14.05 5.95l1.05-1.05",
  ],
  thread: [
    "M4.5 3.5h8A1.5 1.5 0 0 1 14 5v4.5a1.5 1.5 0 0 1-1.5 1.5H8l-3 2.5V11h-.5A1.5 1.5 0 0 1 3 9.5V5a1.5 1.5 0 0 1 1.5-1.5zM16.75 7.5v8l-2.5-2h-4",
  ],
  trash: [
    "M4 5.75h12M8 5.5V4.25h4V5.5M5.5 5.75l.6 9a1.5 1.5 0 0 0 1.5 1.5h4.8a1.5 1.5 0 0 0 1.5-1.5l.6-9",
  ],
  unread: [
    [10, 10, 6.75],
    [10, 10, 2.5],
  ],
  warning: [[10, 10, 6.75], "M10 6.5v4M10 13.25v.01"],
};

/**
 * @param {keyof typeof SHAPES} name
 * @param {"small"|""} [size]
 * @returns {SVGElement}
 */
export function icon(name, size = "") {
  return drawing(SHAPES[name], size);
}

/**
 * A picture that only one element needs.
 * @param {Shape[]} shapes
 * @param {"small"|""} [size]
 * @returns {SVGElement}
 */
export function drawing(shapes, size = "") {
  const svg = make("svg", {
    class: size ? `icon ${size}` : "icon",
    viewBox: "0 0 20 20",
    "aria-hidden": "true",
  });
  for (const shape of shapes) {
    if (typeof shape === "string") svg.append(make("path", { d: shape }));
    else if (shape.length === 3)
      svg.append(make("circle", { cx: shape[0], cy: shape[1], r: shape[2] }));
    else
      svg.append(
        make("rect", { x: shape[0], y: shape[1], width: shape[2], height: shape[3], rx: shape[4] }),
      );
  }
  return svg;
}

/**
 * @param {string} tag
 * @param {Record<string, string|number>} attributes
 * @returns {SVGElement}
 */
function make(tag, attributes) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** @param {Record<string, Shape[]>} more */
export function addShapes(more) {
  Object.assign(SHAPES, more);
}
