import assert from "node:assert/strict";
import { test } from "node:test";
import { retryDelay } from "../../assets/js/api/socket.js";
import { initials, partner, personName, roomName } from "../../assets/js/lib/names.js";
import {
  mayChangeRoles,
  mayDeleteRoom,
  mayManage,
  mayModerate,
  mayName,
  mayRemove,
} from "../../assets/js/lib/permissions.js";
import { paced } from "../../assets/js/lib/pace.js";
import { parseRoute, viewOf } from "../../assets/js/lib/route.js";
import { isMention } from "../../assets/js/lib/attention.js";
import { isPiled, langOf, lengthOf, linkAt, linesOf } from "../../assets/js/lib/text.js";
import { dayKey, short } from "../../assets/js/lib/time.js";
import { roomRows } from "../../assets/js/state/room-rows.js";
import { members, totalUnread } from "../../assets/js/state/select.js";
import { after, live, room, ROOM, signedIn } from "./fixtures.js";

test("a mention is the whole login name, without regard to case; a particle may follow", () => {
  for (const text of [
    "@alice",
    "hi @Alice!",
    "(@alice)",
    "x @bob @alice",
    "@alice님",
    "안녕@alice",
  ])
    assert.ok(isMention(text, "alice"), text);
  for (const text of ["alice", "@alice2", "mail@alice", "@ali ce", ""])
    assert.ok(!isMention(text, "alice"), text);
  assert.ok(isMention("@민지 봐 주세요", "민지"));
  assert.ok(isMention("@田中さん、", "田中"));
});

test("the script of a text decides its language", () => {
  assert.deepEqual(
    ["hello", "제가 할게요", "谢谢", "ありがとう 世界", "Привет", "", null].map(langOf),
    ["", "ko", "zh", "ja", "ru", "", ""],
  );
});

test("links end where the sentence goes on, and only http is one", () => {
  const link = (text, at = text.indexOf("h")) => linkAt(text, at)?.text ?? null;
  assert.equal(link("see https://example.org/a(b)?c=1. Then"), "https://example.org/a(b)?c=1");
  assert.equal(link("(https://example.org)"), "https://example.org");
  assert.equal(link("본 https://example.org/가나다、 끝"), "https://example.org/가나다");
  assert.equal(link("HTTPS://Example.org/A", 0), "HTTPS://Example.org/A");
  assert.equal(linkAt("HTTPS://Example.org/A", 0).href, "https://example.org/A");
  for (const text of ["http:// x", "hello", "https://)", "http://**"])
    assert.equal(link(text), null, text);
  assert.equal(link("javascript:alert(1) ftp://x", 0), null);
});

test("lengths count code points", () => {
  assert.equal(lengthOf("🙂한a"), 3);
});

test("addresses name rooms, messages and pages", () => {
  assert.deepEqual(parseRoute("#/room001"), { page: "room", roomId: "room001" });
  for (const page of ["setup", "reset", "invite"])
    assert.deepEqual(parseRoute(`#${page}=0a%201`), { page, token: "0a 1" });
  assert.deepEqual(parseRoute("#/room001/msg7000000012"), {
    page: "room",
    roomId: "room001",
    messageId: "msg7000000012",
  });
  assert.deepEqual(parseRoute("#/room001/msg7000000012/thread"), {
    page: "room",
    roomId: "room001",
    thread: "msg7000000012",
  });
  assert.deepEqual(parseRoute("#/room1234/details"), {
    page: "room",
    roomId: "room1234",
    details: true,
  });
  assert.deepEqual(parseRoute("#setup=a%20b"), { page: "setup", token: "a b" });
  for (const page of ["directory", "profile", "sign-in", "register"])
    assert.deepEqual(parseRoute(`#/${page}`), { page });
  for (const hash of ["", "#", "#/", "#/rooms", "#/nowhere"])
    assert.deepEqual(parseRoute(hash), { page: "rooms" });
  assert.deepEqual(
    ["#/rooms", "#/room001", "#/room001/details", "#/room001/msg1/thread", "#/profile"].map(
      (hash) => viewOf(parseRoute(hash)),
    ),
    ["rooms", "room", "details", "details", "page"],
  );
});

test("the delay grows from half a second to half a minute, with jitter", () => {
  const most = [0, 1, 2, 3, 20].map((attempt) => retryDelay(attempt, 1006, 1));
  assert.deepEqual(most, [500, 1000, 2000, 4000, 30_000]);
  assert.equal(retryDelay(3, 1006, 0), 2000);
});

test("a restart spreads its clients over ten seconds; a full queue is come back to at once", () => {
  assert.deepEqual([retryDelay(0, 1001, 0), retryDelay(0, 1001, 1)], [0, 10_000]);
  assert.equal(retryDelay(0, 1013, 1), 0);
  assert.ok(retryDelay(2, 1013, 0) > 0);
});

test("initials are of the first and last word, or the given name", () => {
  assert.equal(initials("Jonas Lind"), "JL");
  assert.equal(initials("Алексей Морозов"), "АМ");
  assert.equal(initials("김민지"), "민지");
  assert.equal(initials("王雪"), "王雪");
  assert.equal(initials("陈子轩", "m"), "子");
  assert.equal(initials("bob", "s"), "B");
});

test("a room without a name is called after the others in it", () => {
  assert.equal(roomName(room({ name: null }), "alice"), "Bob");
  assert.equal(partner(room({ name: null }), "alice").userId, "bob");
  assert.equal(partner(room(), "alice"), undefined);
});

test("people are called what the room calls them; a deleted account has no name", () => {
  const state = signedIn();
  state.rooms[ROOM].participants[1].edited_name = "Bobby";
  assert.equal(personName(state, ROOM, "bob"), "Bobby");
  assert.equal(personName(state, ROOM, "carol", { senderName: "Carol" }), "Carol");
  assert.equal(personName(state, ROOM, "dora"), "dora");
  assert.equal(personName(state, ROOM, ""), "");
});

test("rooms stand by newest activity, and their unread add up", () => {
  const other = room({
    roomId: "room002",
    name: "Other",
    lastMessage: { ...live(1), createdAt: "2025-07-20T00:00:00Z" },
    unreadCount: 5,
  });
  const state = after(signedIn(), { type: "rooms_loaded", rooms: [room(), other] }, live(1));
  assert.deepEqual(
    roomRows(state).map((row) => row.roomId),
    ["room002", ROOM],
  );
  assert.equal(totalUnread(state), 6);
  assert.equal(totalUnread(state, ROOM), 5);
});

test("those who are here come first", () => {
  const state = after(
    signedIn(),
    { type: "connection", connection: { state: "online" } },
    { type: "user_presence", online: [], away: [], offline: ["bob"], ref: "presence" },
  );
  assert.deepEqual(
    members(state, state.rooms[ROOM]).here.map((person) => person.userId),
    ["alice"],
  );
  assert.deepEqual(
    members(state, state.rooms[ROOM]).offline.map((person) => person.userId),
    ["bob"],
  );
});

test("rights follow the roles, and all alike where there is no admin", () => {
  const me = { userId: "alice", name: "Alice" };
  const as = (mine, his, more = {}) =>
    room({
      ownerId: "bob",
      ...more,
      participants: [
        { userId: "alice", name: "Alice", edited_name: "", role: mine },
        { userId: "bob", name: "Bob", edited_name: "", role: his },
      ],
    });
  const bob = (where) => where.participants[1];
  const can = (where) => [
    mayManage(where, me),
    mayRemove(where, me, bob(where)),
    mayChangeRoles(where, me),
    mayName(where, me, bob(where)),
    mayDeleteRoom(where, me),
    mayModerate(where, me),
  ];
  assert.deepEqual(can(as("member", "member")), [true, true, true, false, true, false]);
  assert.deepEqual(can(as("member", "admin")), [false, false, false, false, false, false]);
  assert.deepEqual(can(as("sub-admin", "admin")), [true, false, false, false, false, true]);
  assert.deepEqual(can(as("admin", "member")), [true, true, true, true, true, true]);
  assert.equal(mayDeleteRoom(as("member", "admin", { ownerId: "alice" }), me), true);
  assert.equal(mayRemove(as("member", "admin"), me, as("member", "admin").participants[0]), true);
});

test("the list shows the clock today, the weekday this week, then the date", () => {
  const now = new Date(2025, 10, 21, 15);
  const at = (days) => new Date(2025, 10, 21 - days, 14, 12).toISOString();
  assert.equal(short(at(0), "en", now), "14:12");
  assert.equal(short(at(1), "en", now), "Thu");
  assert.match(short(at(30), "en", now), /Oct/);
  assert.equal(dayKey(at(0)), "2025-11-21");
});

test("a text takes about as many lines as its letters need", () => {
  assert.equal(linesOf("", 10), 1);
  assert.equal(linesOf("a\n\nb", 10), 3);
  assert.equal(linesOf("a".repeat(25), 10), 3);
  assert.equal(linesOf("가".repeat(10), 10), 2, "wide letters");
  assert.equal(linesOf("я".repeat(10), 10), 1);
});

test("what is paced happens at once, and then with the last value", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const seen = [];
  const tell = paced(100, (value) => seen.push(value));
  for (const value of [1, 2, 3]) tell(value);
  assert.deepEqual(seen, [1]);
  t.mock.timers.tick(100);
  assert.deepEqual(seen, [1, 3]);
  tell(4);
  t.mock.timers.tick(100);
  t.mock.timers.tick(100);
  tell(5);
  assert.deepEqual(seen, [1, 3, 4, 5]);
});

test("marks that are piled up are told from those of languages", () => {
  for (const text of ["hello", "Vie\u0323\u0302t Nam", "ที่นี่", "1\ufe0f\u20e3", ""])
    assert.ok(!isPiled(text), text);
  assert.ok(isPiled("Z\u0351\u036b\u0343algo"));
});
