/** Writing: what is completed, what is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codeAt,
  commandOf,
  completed,
  findCommands,
  findPeople,
  tokenAt,
} from "../../assets/js/state/completion.js";
import { Drafts } from "../../assets/js/state/drafts.js";
import { roomRows } from "../../assets/js/state/room-rows.js";
import { candidates } from "../../assets/js/state/select.js";
import { after, live, ROOM, signedIn } from "./fixtures.js";

const token = (text, caret = text.length) => {
  const found = tokenAt(text, caret);
  return found && `${found.kind} ${found.start} ${found.query}`;
};
const people = [
  { userId: "alexey", name: "Алексей Морозов" },
  { userId: "minji", name: "김민지" },
  { userId: "al", name: "Grace Allen" },
];

test("an at sign begins a person, two letters after a colon an emoji", () => {
  assert.equal(token("@"), "person 0 ");
  assert.equal(token("hi @김"), "person 3 김");
  assert.equal(token("(@al"), "person 1 al");
  assert.equal(token("so :smi"), "emoji 3 smi");
  assert.equal(token(":웃"), "emoji 0 웃");
  assert.equal(token("@al and more", 3), "person 0 al");
});

test("mail addresses, times, smileys and closed words are nothing to complete", () => {
  for (const text of ["me@al", "12:30", ":D", ": x", "a:bc", "@al ", "@al:", "", "민지@al"])
    assert.equal(token(text), null, text);
});

test("a short name between colons is one where a word could stand", () => {
  const code = (text) => codeAt(text, text.length)?.code;
  assert.deepEqual(codeAt("so :Tada:", 9), { code: "tada", start: 3 });
  assert.equal(code(":+1:"), "+1");
  assert.equal(code(":로켓:"), "로켓");
  for (const text of ["12:30:", "a:b:c:", "::", ":a:", "https://a.b:80:", ":two words:", ":tada: "])
    assert.equal(code(text), undefined, text);
});

test("people are found by login name and by any word of their name, in every script", () => {
  const found = (query) => findPeople(people, query).map(({ userId }) => userId);
  assert.deepEqual(found("ал"), ["alexey"]);
  assert.deepEqual(found("AL"), ["al", "alexey"]);
  assert.deepEqual(found("민지"), ["minji"]);
  assert.deepEqual(found("김"), ["minji"]);
  assert.deepEqual(found("мор"), ["alexey"]);
  assert.deepEqual(found("zz"), []);
  assert.equal(found("").length, 3);
  assert.equal(
    findPeople(
      Array.from({ length: 99 }, (_, id) => ({ userId: `u${id}`, name: `U ${id}` })),
      "u",
    ).length,
    8,
  );
});

test("what is chosen takes the place of the word, and one space follows", () => {
  const text = "hi @gr, yes";
  assert.deepEqual(completed(text, 6, tokenAt(text, 6), "@grace"), {
    text: "hi @grace , yes",
    caret: 10,
  });
  assert.deepEqual(completed("@gr x", 3, tokenAt("@gr x", 3), "@grace"), {
    text: "@grace x",
    caret: 7,
  });
});

test("one may mention everybody else in the room, by the name used there", () => {
  const state = after(signedIn(), {
    type: "participant_changed",
    room_id: ROOM,
    rev: 5,
    user_id: "bob",
    name: "Bob",
    edited_name: "Bobby",
    role: "member",
  });
  assert.deepEqual(
    candidates(state, state.rooms[ROOM]).map(({ userId, name }) => `${userId} ${name}`),
    ["bob Bobby"],
  );
});

function storage() {
  const items = new Map();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index],
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

test("drafts are kept by person and room, empty ones are not", () => {
  const kept = storage();
  const drafts = new Drafts("alice", kept);
  drafts.keep(ROOM, "half a thought");
  drafts.keep("room002", "x");
  drafts.keep("room002", "  ");
  new Drafts("bob", kept).keep(ROOM, "not mine");
  assert.deepEqual(new Drafts("alice", kept).load(), { [ROOM]: "half a thought" });
  assert.deepEqual(drafts.changedElsewhere({ key: `draft:alice:${ROOM}`, newValue: null }), {
    room_id: ROOM,
    text: "",
  });
  assert.equal(drafts.changedElsewhere({ key: `draft:bob:${ROOM}`, newValue: "y" }), null);
  drafts.clear();
  assert.deepEqual([drafts.load(), drafts.places()], [{}, []]);
  assert.equal(kept.length, 2, "the text of Bob, and what is known of it");
});

test("the list of rooms shows a draft, but not that of the open room", () => {
  const state = after(signedIn(), live(1), {
    type: "draft_changed",
    room_id: ROOM,
    text: "half **a**\nthought",
  });
  assert.equal(roomRows(state)[0].draft, "half a thought");
  assert.equal(roomRows(after(state, { type: "room_opened", room_id: ROOM }))[0].draft, "");
  assert.equal(
    after(state, { type: "draft_changed", room_id: ROOM, text: "half **a**\nthought" }),
    state,
  );
});

test("a slash at the start of a text begins a command", () => {
  const command = (query) => ({ kind: "command", query, start: 0 });
  assert.deepEqual(tokenAt("/", 1), command(""));
  assert.deepEqual(tokenAt("/dep", 4), command("dep"));
  assert.deepEqual(tokenAt("/dep", 2), command("d"));
  assert.deepEqual(tokenAt("/배포", 3), command("배포"));
  for (const text of [" /dep", "a/dep", "/deploy ", "/etc/passwd", "\n/dep", `/${"x".repeat(33)}`])
    assert.equal(tokenAt(text, text.length), null, text);
  assert.deepEqual(tokenAt("/deploy @an", 11), { kind: "person", query: "an", start: 8 });
});

test("commands are found by their names first", () => {
  const all = [
    { name: "redeploy", description: "", hint: "" },
    { name: "status", description: "What was deployed", hint: "" },
    { name: "deploy", description: "", hint: "" },
    { name: "weather", description: "", hint: "" },
  ];
  const found = (query) => findCommands(all, query).map(({ name }) => name);
  assert.deepEqual(found("DEP"), ["deploy", "redeploy", "status"]);
  assert.deepEqual(found(""), ["deploy", "redeploy", "status", "weather"]);
  assert.deepEqual(found("none"), []);
});

test("a text is divided into the name and the text of a command", () => {
  assert.deepEqual(commandOf("/Deploy"), { name: "deploy", text: "" });
  assert.deepEqual(commandOf("/deploy  api\nnow "), { name: "deploy", text: "api\nnow " });
  for (const text of ["/", "/ a", "/etc/passwd", "deploy", " /deploy"])
    assert.equal(commandOf(text).name, "", text);
});
