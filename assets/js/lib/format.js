/** Formatting while one writes: which key means what, and what it does to the text. Pure. */

/** @typedef {"strong"|"em"|"del"|"code"|"link"|"bullets"|"numbers"|"quote"} Format */
/**
 * A change of a text: `insert` takes the place of `from` to `to`; then `start` to `end` is selected.
 * @typedef {{from: number, to: number, insert: string, start: number, end: number}} Edit
 */

/** @type {Record<string, Format>} */
const KEYS = { B: "strong", I: "em", E: "code" };
/** With Shift, as in other messengers. @type {Record<string, Format>} */
const SHIFTED = { X: "del", U: "link", 7: "numbers", 8: "bullets", 9: "quote" };
/** @type {Partial<Record<Format, string>>} */
const MARKS = { strong: "**", em: "*", del: "~~", code: "`" };
const LIST = /^(\s*)(?:([-*+•])|(\d{1,9})([.)])|(>))(\s+)(\[[ xX]\]\s+)?/u;
/** What stands before each line. @type {Partial<Record<Format, RegExp>>} */
const BEFORE = {
  bullets: /^(\s*)[-*+•]\s+/u,
  numbers: /^(\s*)\d{1,9}[.)]\s+/u,
  quote: /^(\s*)>\s?/u,
};
const ADDRESS = "https://";
const FENCE = "```";

/**
 * Which format a key stands for, on whatever keyboard layout.
 * @param {{key: string, code: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey:
 *   boolean}} event
 * @param {boolean} mac where Ctrl moves the caret
 * @returns {Format|undefined}
 */
export function formatOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }, mac) {
  if (altKey || (mac ? ctrlKey || !metaKey : metaKey || !ctrlKey)) return undefined;
  const letter = /^[a-z]$/iu.test(key) ? key.toUpperCase() : code.replace(/^(?:Key|Digit)/u, "");
  return (shiftKey ? SHIFTED : KEYS)[letter];
}

/**
 * Formats what is selected, or takes the format away again.
 * @param {Format} format
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {Edit}
 */
export function formatted(format, text, start, end) {
  if (format === "link") return link(text, start, end);
  if (BEFORE[format]) return lines(format, text, start, end);
  // Spaces at the ends stay outside: marks beside them would be no marks.
  const chosen = text.slice(start, end);
  const from = chosen.trim() ? start + chosen.length - chosen.trimStart().length : start;
  const to = chosen.trim() ? end - chosen.length + chosen.trimEnd().length : start;
  const inner = text.slice(from, to);
  if (format === "code" && (inner.includes("\n") || inner.startsWith(FENCE)))
    return fence(text, from, to);
  const mark = inner.includes("`") && format === "code" ? "``" : (MARKS[format] ?? "");
  return marked(text, from, to, mark);
}

/**
 * An address pasted over words makes them a link.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {string} pasted
 * @returns {Edit|null}
 */
export function linked(text, start, end, pasted) {
  const words = text.slice(start, end);
  const address = pasted.trim();
  if (!/^https?:\/\/\S+$/iu.test(address) || !URL.canParse(address)) return null;
  if (!words.trim() || /[\n[\]]|:\/\//u.test(words)) return null;
  const insert = `[${words.trim()}](${address.replaceAll("(", "%28").replaceAll(")", "%29")})`;
  return { from: start, to: end, insert, start: start + insert.length, end: start + insert.length };
}

/**
 * A new line in a list begins with the next mark; in an item without words the mark goes instead.
 * @param {string} text
 * @param {number} caret
 * @returns {Edit|null} null outside of lists and quotes
 */
export function continued(text, caret) {
  const from = lineStart(text, caret);
  const line = text.slice(from, caret);
  const found = LIST.exec(line);
  if (!found || isInFence(text, from)) return null;
  const rest = text.slice(caret, lineEnd(text, caret));
  if (line.length === found[0].length && !rest.trim())
    return { from, to: caret, insert: "", start: from, end: from };
  const [, indent, bullet, number, dot, quote, space, task] = found;
  const mark = bullet ?? (number === undefined ? quote : `${Number(number) + 1}${dot}`);
  const insert = `\n${indent}${mark}${space}${task ? "[ ] " : ""}`;
  return {
    from: caret,
    to: caret,
    insert,
    start: caret + insert.length,
    end: caret + insert.length,
  };
}

// Internal

/** @param {string} text @param {number} from @param {number} to @param {string} mark @returns {Edit} */
function marked(text, from, to, mark) {
  const size = mark.length;
  const inner = text.slice(from, to);
  const char = mark[0];
  const around = Math.min(runBefore(text, from, char), runAfter(text, to, char));
  if (isMark(around, mark))
    return {
      from: from - size,
      to: to + size,
      insert: inner,
      start: from - size,
      end: to - size,
    };
  const inside = Math.min(runAfter(inner, 0, char), runBefore(inner, inner.length, char));
  if (inner.length > 2 * size && isMark(inside, mark))
    return {
      from,
      to,
      insert: inner.slice(size, inner.length - size),
      start: from,
      end: to - 2 * size,
    };
  // A letter of its own at the edge of code would close it.
  const gap = mark === "``" ? " " : "";
  const insert = mark + gap + inner + gap + mark;
  const shift = size + gap.length;
  return { from, to, insert, start: from + shift, end: to + shift };
}

/** One star is italic, two are bold, three both. @param {number} run @param {string} mark */
function isMark(run, mark) {
  if (mark === "*") return run === 1 || run === 3;
  return mark === "**" ? run === 2 || run === 3 : run === mark.length;
}

/** @param {string} text @param {number} at @param {string} char */
function runBefore(text, at, char) {
  let run = 0;
  while (text[at - run - 1] === char) run += 1;
  return run;
}

/** @param {string} text @param {number} at @param {string} char */
function runAfter(text, at, char) {
  let run = 0;
  while (text[at + run] === char) run += 1;
  return run;
}

/** Lines of code, between fences. @param {string} text @param {number} from @param {number} to @returns {Edit} */
function fence(text, from, to) {
  const inner = text.slice(from, to);
  const bare = /^```[^\n]*\n([\s\S]*)\n```$/u.exec(inner);
  if (bare) return { from, to, insert: bare[1], start: from, end: from + bare[1].length };
  const before = from > 0 && text[from - 1] !== "\n" ? `\n${FENCE}\n` : `${FENCE}\n`;
  const after = to < text.length && text[to] !== "\n" ? `\n${FENCE}\n` : `\n${FENCE}`;
  const insert = before + inner + after;
  return { from, to, insert, start: from + before.length, end: to + before.length };
}

/** @param {string} text @param {number} start @param {number} end @returns {Edit} */
function link(text, start, end) {
  const words = text.slice(start, end);
  if (/^https?:\/\/\S+$/iu.test(words.trim())) {
    const insert = `[](${words.trim()})`;
    return { from: start, to: end, insert, start: start + 1, end: start + 1 };
  }
  const insert = `[${words}](${ADDRESS})`;
  // Without words they are written first; else the address.
  const at = words ? start + words.length + 3 : start + 1;
  return { from: start, to: end, insert, start: at, end: words ? at + ADDRESS.length : at };
}

/** @param {Format} format @param {string} text @param {number} start @param {number} end @returns {Edit} */
function lines(format, text, start, end) {
  const from = lineStart(text, start);
  const to = lineEnd(text, end);
  const all = text.slice(from, to).split("\n");
  const own = /** @type {RegExp} */ (BEFORE[format]);
  const off =
    all.every((line) => own.test(line) || !line.trim()) && all.some((line) => line.trim());
  let count = 0;
  const changed = all.map((line) => {
    if (off) return line.replace(own, "$1");
    if (!line.trim() && all.length > 1) return line;
    count += 1;
    if (format === "quote") return `> ${line}`;
    // One kind of list becomes the other one.
    const bare = line.replace(/^(\s*)(?:[-*+•]|\d{1,9}[.)])\s+/u, "$1");
    return bare.replace(/^\s*/u, (space) => space + (format === "numbers" ? `${count}. ` : "- "));
  });
  const insert = changed.join("\n");
  const last = from + insert.length;
  // One line: the caret stays at its letter.
  if (all.length > 1) return { from, to, insert, start: from, end: last };
  const shift = insert.length - (to - from);
  return {
    from,
    to,
    insert,
    start: Math.max(from, start + shift),
    end: Math.max(from, end + shift),
  };
}

/** @param {string} text @param {number} at */
function lineStart(text, at) {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** @param {string} text @param {number} at */
function lineEnd(text, at) {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** @param {string} text @param {number} at the start of a line */
function isInFence(text, at) {
  return (text.slice(0, at).match(/^\s{0,3}```/gmu)?.length ?? 0) % 2 === 1;
}
