/** Finding rooms and people by name, and the shortcuts that lead there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findIn, lettersOf } from "../../assets/js/lib/find.js";
import { pinyinInitial } from "../../assets/js/lib/pinyin.js";
import { shortcutOf } from "../../assets/js/lib/shortcuts.js";
import { findPlaces, placesOf, recentPlaces } from "../../assets/js/state/places.js";
import { PlaceSearch } from "../../assets/js/state/place-search.js";
import { after, live, room, ROOM, signedIn } from "./fixtures.js";

const rank = (name, query) => findIn(name, query)?.rank ?? null;
/** The name with what matches in brackets. */
const marked = (name, query) => {
  const letters = lettersOf(name);
  for (const [from, to] of findIn(name, query).marks.toReversed())
    letters.splice(from, to - from, `[${letters.slice(from, to).join("")}]`);
  return letters.join("");
};

test("any part of a name is found, its beginning best", () => {
  assert.equal(rank("Deploys", "dep"), 0);
  assert.equal(rank("Web deploys", "dep"), 1);
  assert.equal(rank("web-deploys", "DEP"), 1);
  assert.equal(rank("Redeploys", "dep"), 2);
  assert.equal(rank("Deploys", "depx"), null);
  assert.equal(rank("Deploys", ""), 0);
  assert.equal(rank("Ann Lee", "lee a"), 1);
  assert.equal(rank("Ann Lee", "lee x"), null);
  assert.equal(marked("Redeploy the depot", "dep"), "Redeploy the [dep]ot");
  assert.equal(marked("Ann Lee", "le an"), "[An]n [Le]e");
});

test("accents and case do not matter, in any script", () => {
  assert.equal(rank("Jürgen Müller", "muller"), 1);
  assert.equal(rank("Артём", "артем"), 0);
  assert.equal(rank("Ёлка", "елк"), 0);
  assert.equal(rank("Андрей", "АНДРЕИ"), 0);
  assert.equal(rank("王小明", "小明"), 2);
  assert.equal(marked("Zoe\u0308 Bell", "zoë"), "[Zoë] Bell");
  assert.equal(rank("😀 Fun", "fun"), 1);
  assert.equal(marked("😀 Fun", "fu"), "😀 [Fu]n");
});

test("Korean names are found by initial consonants", () => {
  assert.equal(rank("김민준", "ㄱㅁㅈ"), 0);
  assert.equal(rank("김민준", "ㅁㅈ"), 2);
  assert.equal(rank("김민준", "김ㅁ"), 0);
  assert.equal(rank("개발팀 회의", "ㅎㅇ"), 1);
  assert.equal(rank("김민준", "ㄱㅂ"), null);
  assert.equal(rank("쌍둥이", "ㅆㄷ"), 0);
  // Keyboards join these two.
  assert.equal(rank("공사장", "ㄳ"), 0);
  assert.equal(marked("김민준", "ㅁㅈ"), "김[민준]");
});

test("Chinese names are found by the first letters of pinyin", () => {
  assert.equal(rank("周杰伦", "zjl"), 0);
  assert.equal(rank("周杰伦", "ZJ"), 0);
  assert.equal(rank("周杰伦", "jl"), 2);
  assert.equal(rank("周杰伦", "周j"), 0);
  assert.equal(rank("周杰伦", "zjx"), null);
  assert.equal(rank("周杰伦", "zhou"), null);
  assert.equal(rank("欧阳娜娜", "oynn"), 0);
  assert.equal(rank("产品 2 组", "cp z"), 1);
  assert.equal(rank("客户支持", "khzc"), 0);
  assert.equal(marked("客户支持", "zc"), "客户[支持]");
  // Other scripts have none.
  assert.equal(rank("김민준", "g"), null);
  assert.equal(rank("すずき", "s"), null);
});

test("each letter of pinyin has its characters", () => {
  const initials = [..."安白车大二方高黄江孔李马牛欧潘秦任孙唐王谢杨张"].map(pinyinInitial);
  assert.equal(initials.join(""), "abcdefghjklmnopqrstwxyz");
  assert.equal(["a", "ㄱ", "가", "の", "😀", ""].map(pinyinInitial).join(""), "");
});

test("Korean names are found while a syllable is being typed", () => {
  for (const typed of ["ㄱ", "기", "김", "김ㅁ", "김미", "김민", "김민ㅈ", "김민주", "김민준"])
    assert.equal(rank("김민준", typed), 0, typed);
  // The final consonant is the initial of the next syllable.
  for (const typed of ["기", "김", "기미", "기민"]) assert.equal(rank("기민", typed), 0, typed);
  assert.equal(rank("닥스", "닧"), 0);
  assert.equal(rank("김민준", "길"), null);
  // Only the last syllable may be incomplete.
  assert.equal(rank("김민준", "기민"), null);
});

const place = (name, more = {}) => ({ key: name, kind: "room", id: name, name, ...more });
const names = (found) => found.map(({ name }) => name);

test("better matches come first, equal ones in their order; login names count a little less", () => {
  const all = [
    place("Redeploy"),
    place("Late deploys"),
    place("Deploys"),
    place("Bob", { person: "deputy" }),
    place("Dept"),
  ];
  assert.deepEqual(names(findPlaces(all, "dep", 10)), [
    "Deploys",
    "Dept",
    "Bob",
    "Late deploys",
    "Redeploy",
  ]);
  assert.deepEqual(names(findPlaces(all, "dep", 2)), ["Deploys", "Dept"]);
  assert.deepEqual(findPlaces(all, "late dep", 1)[0].parts, [
    { text: "Late", hit: true },
    { text: " ", hit: false },
    { text: "dep", hit: true },
    { text: "loys", hit: false },
  ]);
});

test("there are my rooms, people, and public rooms, each once", () => {
  const direct = room({
    roomId: "room002",
    name: null,
    createdAt: "2025-07-02T00:00:00Z",
    participants: [
      { userId: "alice", name: "Alice", edited_name: "", role: "member" },
      { userId: "carol", name: "Carol", edited_name: "", role: "member" },
    ],
  });
  const open = room({ roomId: "room003", name: "Open", visibility: "public" });
  const state = after(
    signedIn(),
    { type: "rooms_loaded", rooms: [room(), direct] },
    { type: "directory_loaded", rooms: [open, room({ visibility: "public" })] },
  );
  const people = [
    { userId: "dora", name: "Dora", media: { name: "face" } },
    { userId: "carol", name: "Carol" },
    { userId: "alice", name: "Alice" },
  ];
  const all = placesOf(state, people);
  assert.deepEqual(
    all.map(({ kind, key }) => `${kind} ${key}`),
    ["direct room002", `room ${ROOM}`, "person @bob", "person @dora", "public room003"],
  );
  assert.equal(all[3].picture, "face");
  assert.equal(all[0].person, "carol");
});

test("without a query, rooms stand by what happened last, without the open one", () => {
  const other = room({ roomId: "room002", name: "Other", createdAt: "2025-07-02T00:00:00Z" });
  const state = after(signedIn(), { type: "rooms_loaded", rooms: [room(), other] }, live(1));
  assert.deepEqual(names(recentPlaces(state, 5)), ["Harbour", "Other"]);
  const open = after(state, { type: "room_opened", room_id: ROOM });
  assert.deepEqual(names(recentPlaces(open, 5)), ["Other"]);
});

test("the server is asked for people and, now and then, for public rooms", async () => {
  const asked = [];
  const store = {
    state: signedIn(),
    dispatch(action) {
      this.state = after(this.state, action);
    },
  };
  const client = {
    findPeople: async (query) => (asked.push(query), [{ userId: "zoe", name: "Zoe" }]),
    rooms: async (scope) => (asked.push(scope), [room({ roomId: "room009", name: "Zoo" })]),
  };
  const search = new PlaceSearch({ store, client });
  assert.deepEqual(names(search.find("zo", 5)), []);
  await search.ask("");
  assert.deepEqual(asked, []);
  await search.ask("zo");
  assert.deepEqual(names(search.find("zo", 5)), ["Zoe", "Zoo"]);
  await search.ask("zoe");
  assert.deepEqual(asked, ["public", "zo", "zoe"]);
});

const free = { writing: false, dialog: false, free: true };
const press = (key, more = {}, where = free) =>
  shortcutOf(
    {
      key,
      code: "",
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      shiftKey: false,
      isComposing: false,
      ...more,
    },
    where,
  );

test("shortcuts work where they do not take a letter away", () => {
  const writing = { writing: true, dialog: false, free: false };
  const inDialog = { writing: false, dialog: true, free: false };
  assert.equal(press("k", { ctrlKey: true }), "switch");
  assert.equal(press("k", { metaKey: true }, writing), "switch");
  assert.equal(press("л", { ctrlKey: true, code: "KeyK" }, writing), "switch");
  assert.equal(press("k", { ctrlKey: true, shiftKey: true }), "");
  assert.equal(press("/"), "search");
  assert.equal(press("/", {}, writing), "");
  assert.equal(press("?", { shiftKey: true }), "help");
  assert.equal(press("?", { shiftKey: true }, writing), "");
  assert.equal(press("?", { shiftKey: true }, inDialog), "");
  assert.equal(press("ArrowDown", { altKey: true }, writing), "next");
  assert.equal(press("ArrowUp", { altKey: true, shiftKey: true }), "previousUnread");
  assert.equal(press("ArrowUp", { altKey: true }, inDialog), "");
  assert.equal(press("ArrowUp"), "");
  assert.equal(press("Escape", { shiftKey: true }, writing), "readAll");
  assert.equal(press("Escape"), "");
});

test("composition is never interrupted, and letters go into the message when nothing has the focus", () => {
  assert.equal(press("k", { ctrlKey: true, isComposing: true }), "");
  assert.equal(press("/", { keyCode: 229 }), "");
  assert.equal(press("h"), "write");
  assert.equal(press("ㅎ"), "write");
  assert.equal(press(" "), "");
  assert.equal(press("Tab"), "");
  assert.equal(press("h", { altKey: true }), "");
  assert.equal(press("h", {}, { ...free, free: false }), "");
});
