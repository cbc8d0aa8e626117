/** What code in a language looks like: expressions for comments and strings, and its words. Pure. */

/**
 * `folded`: its words are the same in capitals.
 * @typedef {{comment?: string, string?: string, words?: string, folded?: boolean}} Language
 */

const SLASHES = String.raw`//[^\n]*|/\*[\s\S]*?(?:\*/|$)`;
const HASH = String.raw`(?<![^\s;])#[^\n]*`;
const DASHES = String.raw`--[^\n]*`;
const MARKUP = String.raw`<!--[\s\S]*?(?:-->|$)`;
/** What is not closed ends with its line. */
const DOUBLE = String.raw`"(?:\\[\s\S]|[^"\\\n])*(?:"|$|(?=\n))`;
/** Not the apostrophe in a word. */
const SINGLE = String.raw`(?<!\w)'(?:\\[\s\S]|[^'\\\n])*(?:'|$|(?=\n))`;
const BACK = "`(?:\\\\[\\s\\S]|[^`\\\\])*(?:`|$)";
const TRIPLE = String.raw`"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)`;
/** A letter; what follows a lonely apostrophe in Rust is a lifetime. */
const LETTER = String.raw`'(?:\\[^\n']+|[^'\\\n])'`;

const BLOCKS = "if else for while do switch case default break continue return";
const CLASSES =
  "class interface enum extends implements new this super public private protected static final abstract void try catch finally throw import package true false null instanceof";
const ECMA = `${BLOCKS} async await class const constructor debugger delete export extends false finally from function get import in instanceof let new null of set static super this throw true try catch typeof undefined var void with yield`;
const C = `${BLOCKS} auto bool char const double enum extern false float goto inline int long register restrict short signed sizeof static struct true typedef union unsigned void volatile NULL`;

/** @type {Record<string, Language>} */
export const LANGUAGES = {
  js: { comment: SLASHES, string: `${DOUBLE}|${SINGLE}|${BACK}`, words: ECMA },
  ts: {
    comment: SLASHES,
    string: `${DOUBLE}|${SINGLE}|${BACK}`,
    words: `${ECMA} abstract any as boolean declare enum implements interface keyof namespace never number private protected public readonly satisfies string type unknown`,
  },
  c: { comment: SLASHES, string: `${DOUBLE}|${SINGLE}`, words: C },
  cpp: {
    comment: SLASHES,
    string: `${DOUBLE}|${SINGLE}`,
    words: `${C} catch class concept constexpr consteval co_await co_return co_yield decltype delete explicit friend mutable namespace new noexcept nullptr operator override private protected public requires template this throw try typename using virtual`,
  },
  cs: {
    comment: SLASHES,
    string: `${DOUBLE}|${SINGLE}`,
    words: `${BLOCKS} ${CLASSES} as async await base bool byte char const decimal delegate double event explicit foreach get in int internal is lock long namespace object operator out override params readonly record ref sealed set string struct using var virtual where yield`,
  },
  java: {
    comment: SLASHES,
    string: `${TRIPLE}|${DOUBLE}|${SINGLE}`,
    words: `${BLOCKS} ${CLASSES} boolean byte char double float int long native permits record sealed short synchronized throws transient var volatile`,
  },
  kotlin: {
    comment: SLASHES,
    string: `${TRIPLE}|${DOUBLE}|${SINGLE}`,
    words: `${BLOCKS} ${CLASSES} as companion data fun in init is inline internal lateinit object open override sealed suspend val var when where`,
  },
  swift: {
    comment: SLASHES,
    string: `${TRIPLE}|${DOUBLE}`,
    words: `${BLOCKS} actor as async await catch class defer enum extension false fileprivate func guard import in init inout internal is lazy let mutating nil open override private protocol public repeat self Self static struct super throw throws true try typealias var weak where`,
  },
  go: {
    comment: SLASHES,
    string: `${DOUBLE}|${SINGLE}|${BACK}`,
    words: `${BLOCKS} any bool byte chan const defer error fallthrough false float64 func go goto import int int64 interface iota map nil package range rune select string struct true type var`,
  },
  rust: {
    comment: SLASHES,
    string: String.raw`r#"[\s\S]*?(?:"#|$)|${DOUBLE}|${LETTER}`,
    words:
      "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize",
  },
  php: {
    comment: `${SLASHES}|${HASH}`,
    string: `${DOUBLE}|${SINGLE}`,
    words: `${BLOCKS} ${CLASSES} array as echo elseif endforeach endif fn foreach function global isset match namespace trait unset use`,
  },
  python: {
    comment: HASH,
    string: `(?:\\b[bfruBFRU]{1,2})?(?:${TRIPLE}|"(?:\\\\[\\s\\S]|[^"\\\\\\n])*"|'(?:\\\\[\\s\\S]|[^'\\\\\\n])*')`,
    words:
      "and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return self True try while with yield",
  },
  ruby: {
    comment: HASH,
    string: `${DOUBLE}|${SINGLE}`,
    words:
      "alias and begin break case class def defined do else elsif end ensure false for if in module next nil not or redo require rescue retry return self super then true undef unless until when while yield",
  },
  shell: {
    comment: HASH,
    string: `"(?:\\\\[\\s\\S]|[^"\\\\])*(?:"|$)|(?<!\\w)'[^']*(?:'|$)`,
    words:
      "case do done elif else esac exit export fi for function if in local readonly return select set shift source then trap unset until while sudo cd echo",
  },
  sql: {
    comment: `${DASHES}|/\\*[\\s\\S]*?(?:\\*/|$)`,
    string: `'(?:''|[^'])*(?:'|$)|${DOUBLE}`,
    folded: true,
    words:
      "add all alter and as asc begin between by case cast check column commit constraint create cross default delete desc distinct drop else end exists explain false foreign from full group having if in index inner insert into is join key left like limit not null offset on or order outer primary references returning right rollback select set table then transaction true union unique update using values view when where with bigint boolean char date integer int numeric text timestamp varchar",
  },
  lua: {
    comment: `--\\[\\[[\\s\\S]*?(?:\\]\\]|$)|${DASHES}`,
    string: `${DOUBLE}|${SINGLE}`,
    words:
      "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
  },
  json: { comment: SLASHES, string: DOUBLE, words: "true false null" },
  yaml: {
    comment: HASH,
    string: String.raw`${DOUBLE}|(?<![^\s,[{(])'(?:''|[^'\n])*'`,
    words: "true false null yes no on off",
  },
  toml: { comment: HASH, string: `${TRIPLE}|${DOUBLE}|${SINGLE}`, words: "true false" },
  ini: { comment: String.raw`(?<![^\n])[ \t]*[#;][^\n]*`, string: DOUBLE, words: "true false" },
  docker: {
    comment: HASH,
    string: `${DOUBLE}|${SINGLE}`,
    words:
      "FROM AS RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL",
  },
  css: {
    comment: String.raw`/\*[\s\S]*?(?:\*/|$)`,
    string: `${DOUBLE}|${SINGLE}`,
    words: "auto none inherit initial unset var calc important media supports import from to",
  },
  html: { comment: MARKUP, string: String.raw`(?<==\s*)(?:"[^"]*"|'[^']*')` },
};

/** Other names of the same. @type {Record<string, string>} */
export const NAMES = {
  javascript: "js",
  jsx: "js",
  mjs: "js",
  typescript: "ts",
  tsx: "ts",
  h: "c",
  "c++": "cpp",
  cc: "cpp",
  hpp: "cpp",
  "c#": "cs",
  csharp: "cs",
  scala: "kotlin",
  kt: "kotlin",
  dart: "java",
  groovy: "java",
  golang: "go",
  rs: "rust",
  zig: "rust",
  py: "python",
  rb: "ruby",
  sh: "shell",
  bash: "shell",
  zsh: "shell",
  console: "shell",
  make: "shell",
  makefile: "shell",
  postgresql: "sql",
  mysql: "sql",
  sqlite: "sql",
  json5: "json",
  jsonc: "json",
  yml: "yaml",
  conf: "ini",
  cfg: "ini",
  properties: "ini",
  dockerfile: "docker",
  scss: "css",
  less: "css",
  xml: "html",
  svg: "html",
  vue: "html",
};
