/**
 * Splits code into what is coloured: comments, strings, numbers, keywords. No language is understood:
 * a table says how its comments and strings look, and which words are its own. Pure.
 */

import { LANGUAGES, NAMES } from "./code-languages.js";

/** @import {Language} from "./code-languages.js" */
/** @typedef {"comment"|"string"|"number"|"keyword"|"added"|"removed"|""} Kind */
/** @typedef {{kind: Kind, text: string}} Part */
/** Not in the middle of a name. */
const NUMBER = String.raw`(?<![\w.])(?:0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)\w*`;

/** Expressions that were made already. @type {Map<string, {form: RegExp, words: Set<string>}>} */
const made = new Map();

/**
 * @param {string} text
 * @param {string} language as it stands at the fence
 * @returns {Part[]} all of the text, in order
 */
export function codeParts(text, language) {
  const wanted = language.toLowerCase();
  if (wanted === "diff" || wanted === "patch") return diffParts(text);
  const name = NAMES[wanted] ?? wanted;
  const known = Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : null;
  if (!known) return [{ kind: "", text }];
  const { form, words } = expressionOf(name, known);
  /** @type {Part[]} */
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(form)) {
    const kind = kindOf(found.groups ?? {}, words, known);
    if (!kind) continue;
    if (found.index > at) parts.push({ kind: "", text: text.slice(at, found.index) });
    parts.push({ kind, text: found[0] });
    at = found.index + found[0].length;
  }
  if (at < text.length) parts.push({ kind: "", text: text.slice(at) });
  return parts;
}

// Internal

/** @param {string} name @param {Language} language */
function expressionOf(name, { comment, string, words = "" }) {
  let found = made.get(name);
  if (!found) {
    // The names of tags are the words of markup.
    const word = name === "html" ? String.raw`(?<=</?)[\w:.-]+` : String.raw`[\p{L}_$][\p{L}\d_$]*`;
    const groups = [
      comment && `(?<comment>${comment})`,
      string && `(?<string>${string})`,
      name !== "html" && `(?<number>${NUMBER})`,
      `(?<word>${word})`,
    ];
    const form = new RegExp(groups.filter(Boolean).join("|"), "gu");
    found = { form, words: new Set(words.split(" ")) };
    made.set(name, found);
  }
  return found;
}

/**
 * @param {Record<string, string|undefined>} groups
 * @param {Set<string>} words
 * @param {Language} language
 * @returns {Kind}
 */
function kindOf({ comment, string, number, word }, words, language) {
  if (comment !== undefined) return "comment";
  if (string !== undefined) return "string";
  if (number !== undefined) return "number";
  const name = (language.folded ? word?.toLowerCase() : word) ?? "";
  return words.has(name) || language === LANGUAGES.html ? "keyword" : "";
}

/** @param {string} text @returns {Part[]} */
function diffParts(text) {
  return text.split(/(?<=\n)/u).map((line) => ({ kind: diffKind(line), text: line }));
}

/** @param {string} line @returns {Kind} */
function diffKind(line) {
  if (/^(?:\+\+\+|---|diff |index )/u.test(line)) return "comment";
  if (line.startsWith("@@")) return "keyword";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "";
}
