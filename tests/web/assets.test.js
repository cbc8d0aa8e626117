/** The files themselves: languages, the shell, and the rules that keep the page safe. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  choose,
  join as sentencesOf,
  LANGUAGES,
  parts,
  t,
  useTexts,
} from "../../assets/js/lib/i18n.js";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../assets");
const LINES_MOST = 370;
/** What `lazy` needs with the first conversation: in the shell, with its style. */
const EARLY = ["js/elements/login-form.js", "js/elements/room-details.js"];

const files = (folder, ending) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith(ending))
    .sort();
const read = (name) => readFileSync(join(ROOT, name), "utf8");
const scripts = files("js", ".js");
const first = Object.fromEntries(
  Object.keys(LANGUAGES).map((code) => [code, JSON.parse(read(`i18n/${code}.json`))]),
);
const lazy = Object.fromEntries(
  Object.keys(LANGUAGES).map((code) => [code, JSON.parse(read(`i18n/lazy/${code}.json`))]),
);
const words = Object.fromEntries(
  Object.keys(LANGUAGES).map((code) => [code, { ...first[code], ...lazy[code] }]),
);
const places = (sentence) =>
  [...new Set([...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort();
const sentences = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry));

/** What a module needs, itself included; with what it may fetch lazy when asked so. */
function closure(start, lazy = false) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name)) return;
    found.add(name);
    for (const [, from] of read(name).matchAll(/^import (?:[^";]* from )?"([^"]+)"/gm))
      visit(join(dirname(name), from));
    if (lazy)
      for (const [, from] of read(name).matchAll(/\bimport\("(\.[^"]+)"\)(?!\.)/g))
        visit(join(dirname(name), from));
  };
  visit(start);
  return found;
}

/** Which keys a source may ask for: written out, or begun and completed. */
function keysIn(source) {
  const used = new Set(
    [/"([a-z]+\.[a-zA-Z-]+)"/g, /\b(?:t|parts)\(\s*"([^"]+)"/g].flatMap((form) =>
      [...source.matchAll(form)].map((match) => match[1]),
    ),
  );
  const prefixes = [...source.matchAll(/`([a-z]+\.)\$\{/g)].map((match) => match[1]);
  return (key) => used.has(key) || prefixes.some((prefix) => key.startsWith(prefix));
}

test("every language has every key, in the same file", () => {
  for (const code of Object.keys(words)) {
    assert.deepEqual(Object.keys(first[code]), Object.keys(first.en), code);
    assert.deepEqual(Object.keys(lazy[code]), Object.keys(lazy.en), code);
  }
});

test("what the first paint and the form to sign in say is there at once, and nothing else", () => {
  const source = [...closure("js/main.js"), ...EARLY.flatMap((name) => [...closure(name)])]
    .map(read)
    .join("\n");
  const said = keysIn(source);
  for (const key of Object.keys(first.en)) assert.ok(said(key), `${key} belongs into i18n/lazy`);
  for (const key of Object.keys(lazy.en)) assert.ok(!said(key), `${key} is needed at once`);
});

test("every language has the same places in a sentence, and no empty one", () => {
  for (const [code, dictionary] of Object.entries(words)) {
    for (const [key, entry] of Object.entries(dictionary)) {
      for (const sentence of sentences(entry)) {
        assert.ok(sentence.trim(), `${code} ${key}`);
        assert.deepEqual(places(sentence), places(sentences(words.en[key])[0]), `${code} ${key}`);
      }
    }
  }
});

test("a language has one word for a room", () => {
  const others = {
    ko: /대화방|(?<![가-힣])방(?![해장])/u,
    ru: /канал|групп|бесед|чатами|чатов/iu,
    zh: /聊天室|群组|频道|聊天列表/u,
  };
  for (const [code, wrong] of Object.entries(others))
    for (const [key, entry] of Object.entries(words[code]))
      for (const sentence of sentences(entry))
        assert.ok(!wrong.test(sentence), `${code} ${key}: ${sentence}`);
});

test("what is counted has every plural form of its language", () => {
  for (const [code, dictionary] of Object.entries(words)) {
    const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories.sort();
    for (const [key, entry] of Object.entries(dictionary)) {
      assert.equal(typeof entry, typeof words.en[key], `${code} ${key}`);
      if (typeof entry === "object")
        assert.deepEqual(Object.keys(entry).sort(), forms, `${code} ${key}`);
    }
  }
});

test("every key that the scripts use exists, and every key is used", () => {
  const source = scripts.map(read).join("\n");
  const used = keysIn(source);
  for (const [, key] of source.matchAll(/\b(?:t|parts)\(\s*"([^"]+)"/g))
    assert.ok(key in words.en, key);
  for (const key of Object.keys(words.en)) assert.ok(used(key), `${key} is not used`);
});

test("sentences take their places and their plural form", () => {
  useTexts("ru", words.ru);
  assert.equal(t("messages.new", { n: 1 }), "1 новое сообщение");
  assert.equal(t("messages.new", { n: 3 }), "3 новых сообщения");
  assert.equal(t("messages.new", { n: 11 }), "11 новых сообщений");
  assert.deepEqual(parts("typing.one", { name: "Ann" }), ["Ann", " печатает"]);
  assert.equal(t("messages.new", { n: 12345 }).replace(/\s/g, " "), "12 345 новых сообщений");
  assert.equal(t("no.such.key"), "no.such.key");
  assert.equal(sentencesOf("Раз.", false, "Два."), "Раз. Два.");
  useTexts("zh", words.zh);
  assert.equal(sentencesOf("一。", "二。"), "一。二。");
});

test("the browser's first known language is chosen", () => {
  assert.equal(choose(["", "fr-FR", "ko-KR", "en"]), "ko");
  assert.equal(choose(["zh-Hant-TW"]), "zh");
  assert.equal(choose(["fr"]), "en");
});

test("the shell preloads what the first paint needs, and nothing else", () => {
  const shell = read("index.html");
  const linked = (rel) =>
    [...shell.matchAll(new RegExp(`<link rel="${rel}" href="([^"]+)">`, "g"))]
      .map((match) => match[1])
      .sort();
  const needed = ["js/main.js", ...EARLY].flatMap((name) => [...closure(name)]);
  assert.deepEqual(linked("modulepreload"), [...new Set(needed)].sort());
  const fetched = [...read("js/elements/lazy.js").matchAll(/"([a-z-]+)": \(\) => import/g)]
    .map((match) => match[1])
    .filter((name) => !EARLY.includes(`js/elements/${name}.js`))
    .map((name) => `styles/${name}.css`);
  assert.deepEqual([...linked("stylesheet"), ...fetched].sort(), files("styles", ".css"));
});

test("every module is reached somehow", () => {
  assert.deepEqual(
    [...closure("js/main.js", true)].sort(),
    scripts.filter((name) => !["js/first.js", "js/types-own.js", "js/types.js"].includes(name)),
  );
});

test("the shell has no inline script or style, and nothing comes from elsewhere", () => {
  const shell = read("index.html");
  assert.doesNotMatch(shell, /<style|\sstyle=|\son\w+=|<script>|https?:/);
  for (const name of files("styles", ".css"))
    assert.doesNotMatch(read(name), /@import|url\(/, name);
});

test("nothing makes markup from text, and no script or style is inline", () => {
  const banned =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"|\.cssText/;
  for (const name of scripts) assert.doesNotMatch(read(name), banned, name);
});

test("no line of a text begins with spaces or like a comment, which the server removes", () => {
  const textsIn = (source) =>
    [...source.matchAll(/[=(,]\s*`([^`\n]*\n[^`]*)`/g)].map((match) => match[1]);
  assert.deepEqual(textsIn("const a = `b\n c`;"), ["b\n c"]);
  const texts = scripts.flatMap((name) => textsIn(read(name)).map((text) => [name, text]));
  for (const [name, text] of texts) assert.doesNotMatch(text, /\n([ \t]|\/\*|\/\/)/, name);
});

test("the manifest names pictures that exist, in their sizes", () => {
  const { icons } = JSON.parse(read("manifest.webmanifest"));
  for (const { src, sizes, type } of icons.filter(({ type }) => type === "image/png")) {
    const file = readFileSync(join(ROOT, src));
    assert.equal(file.subarray(1, 4).toString(), "PNG", src);
    assert.equal(`${file.readUInt32BE(16)}x${file.readUInt32BE(20)}`, sizes, `${src} ${type}`);
  }
  const purposes = new Set(icons.map(({ purpose = "any" }) => purpose));
  assert.deepEqual([...purposes].sort(), ["any", "maskable", "monochrome"]);
  const apple = readFileSync(join(ROOT, "icons/apple-touch-icon.png"));
  assert.equal(apple.readUInt32BE(16), 180);
});

test("modules import what exists, relatively", () => {
  for (const name of scripts) {
    for (const [, from] of read(name).matchAll(/(?:^import|\bfrom) "([^"]+)"/gm)) {
      assert.match(from, /^\.\.?\//, name);
      assert.ok(
        scripts.includes(relative(ROOT, join(ROOT, dirname(name), from))),
        `${name}: ${from}`,
      );
    }
  }
});

test("imports point down: main, elements, state, api, lib; and never in a circle", () => {
  const floors = ["js/lib/", "js/api/", "js/state/", "js/elements/", "js/main.js"];
  const floorOf = (name) => floors.findIndex((floor) => name.startsWith(floor));
  const modules = scripts.filter((name) => floorOf(name) >= 0);
  const imported = (name) => {
    const code = read(name).replace(/\/\*[\s\S]*?\*\//g, "");
    const found = [...code.matchAll(/\bfrom "([^"]+)"|\bimport\(?\s*"([^"]+)"/g)];
    return found.map(([, from, alone]) => join(dirname(name), from ?? alone));
  };
  const imports = new Map(modules.map((name) => [name, imported(name)]));
  for (const [name, targets] of imports)
    for (const target of targets)
      assert.ok(floorOf(target) <= floorOf(name), `${name} imports upwards: ${target}`);
  // What imports nothing that is left is taken away; a circle stays.
  const left = new Set(modules);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const name of left)
      if (!imports.get(name).some((target) => left.has(target))) left.delete(name);
  }
  assert.deepEqual([...left], [], "files that import each other");
});

test("pure modules know neither the page nor the network", () => {
  const pure = [
    "state/reduce.js",
    "state/reduce-message.js",
    "state/reduce-room.js",
    "state/thread.js",
    "state/threads.js",
    "state/timeline.js",
    "state/rows.js",
    "state/room-rows.js",
    "state/select.js",
    "state/completion.js",
    "state/hits.js",
    "state/kept.js",
    "state/notification.js",
    "state/places.js",
    "state/uploads.js",
    "state/window.js",
    "state/reduce-page.js",
    "state/reduce-presence.js",
    "lib/code-languages.js",
    "lib/code.js",
    "lib/device.js",
    "lib/find.js",
    "lib/format.js",
    "lib/grid.js",
    "lib/highlight.js",
    "lib/list-window.js",
    "lib/markdown.js",
    "lib/media.js",
    "lib/text.js",
    "lib/names.js",
    "lib/permissions.js",
    "lib/pinyin.js",
    "lib/route.js",
    "lib/shortcuts.js",
    "lib/reactions.js",
    "lib/table.js",
    "lib/time.js",
  ];
  for (const name of pure)
    assert.doesNotMatch(
      read(`js/${name}`),
      /\b(document|window|localStorage|fetch|location|navigator)\b[.(]/,
      name,
    );
});

test("every module opens with what it is for, and none is long", () => {
  for (const name of scripts) {
    assert.match(read(name), /^\/\*\*/, name);
    assert.ok(read(name).split("\n").length <= LINES_MOST, `${name} is too long`);
  }
});
