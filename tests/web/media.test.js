/** Files: what travels with a message, how large a picture is drawn, what a file is called. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  caption,
  fileName,
  fileSize,
  fitted,
  mediaPath,
  plainName,
} from "../../assets/js/lib/media.js";
import { buildRows } from "../../assets/js/state/rows.js";
import {
  isBusy,
  mayRetry,
  MOST_FILES,
  next,
  reasonOf,
  uploaded,
  withChange,
  withFiles,
} from "../../assets/js/state/uploads.js";
import { after, live, message, opened, page, ROOM, signedIn } from "./fixtures.js";

const picture = (id, more = {}) => ({
  id,
  name: `${id}${"a".repeat(8)}`,
  type: "png",
  isImage: true,
  size: 2048,
  width: 720,
  height: 240,
  fileName: `p${id}.png`,
  createdAt: "2025-07-15T13:00:00Z",
  ...more,
});
const files = (count, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    key: `k${from + index}`,
    name: `f${index}`,
    type: "image/png",
  }));
const states = (list) => list.map((upload) => upload.state);

test("two files travel at once, and the next when one is there", () => {
  let list = withFiles([], files(4));
  assert.deepEqual(
    next(list).map((upload) => upload.key),
    ["k0", "k1"],
  );
  for (const { key } of next(list)) list = withChange(list, key, { state: "sending" });
  assert.deepEqual(next(list), []);
  list = withChange(list, "k1", { state: "done", media: picture(1) });
  assert.deepEqual(
    next(list).map((upload) => upload.key),
    ["k2"],
  );
  assert.ok(isBusy(list));
});

test("more files than a message takes are refused beside their name, and refused ones take no place", () => {
  const list = withFiles(withFiles([], files(MOST_FILES - 1)), files(3, 50));
  assert.deepEqual(states(list).slice(-3), ["waiting", "failed", "failed"]);
  assert.equal(list.at(-1).reason, "tooMany");
  const again = withFiles(
    list.filter((upload) => upload.key !== "k0"),
    files(1, 90),
  );
  assert.equal(again.at(-1).state, "waiting");
});

test("what is uploaded comes in the order of choosing; failures are not waited for", () => {
  let list = withFiles([], files(3));
  list = withChange(withChange(list, "k2", { state: "done", media: picture(2) }), "k0", {
    state: "done",
    media: picture(7),
  });
  list = withChange(list, "k1", { state: "failed", reason: "tooLarge" });
  assert.deepEqual(
    uploaded(list).map(({ id }) => id),
    [7, 2],
  );
  assert.equal(isBusy(list), false);
  assert.deepEqual(
    ["tooLarge", "tooMany", "interrupted", "noSpace"].map((reason) =>
      mayRetry({ ...list[1], reason }),
    ),
    [false, false, true, true],
  );
});

test("every refusal of a file has its word, and only what may pass is tried again", () => {
  const answers = [
    [400, "invalid_request", "body"],
    [400, "invalid_request", "fileName"],
    [413, "too_large"],
    [415, "invalid_request"],
    [429, "rate_limited"],
    [503, "unavailable"],
    [507, "internal"],
    [0, "offline"],
    [0, "unreadable"],
    [500, "internal"],
  ];
  const reasons = answers.map(([status, code, field]) => reasonOf({ status, code, field }));
  assert.deepEqual(reasons, [
    "empty",
    "invalidName",
    "tooLarge",
    "refused",
    "busy",
    "noSpace",
    "noSpace",
    "interrupted",
    "unreadable",
    "failed",
  ]);
  const list = withFiles([], files(1));
  assert.deepEqual(
    reasons.filter((reason) => mayRetry(withChange(list, "k0", { state: "failed", reason })[0])),
    ["busy", "noSpace", "noSpace", "interrupted", "failed"],
  );
});

test("a picture has its place before it is fetched", () => {
  assert.deepEqual(fitted({ width: 720, height: 240 }), { width: 360, height: 120 });
  assert.deepEqual(fitted({ width: 100, height: 960 }), { width: 25, height: 240 });
  assert.deepEqual(fitted({ width: 20, height: 10 }), { width: 20, height: 10 });
  assert.deepEqual(fitted({ width: 90000, height: 1 }), { width: 360, height: 1 });
  assert.deepEqual(fitted({}), { width: 360, height: 240 });
});

test("a file is called as its uploader called it", () => {
  assert.equal(fileName(picture(1)), "p1.png");
  assert.equal(fileName(picture(1, { fileName: undefined })), "1aaaaaaa.png");
  assert.equal(caption([picture(1), picture(2, { fileName: "보고서.pdf" })]), "p1.png, 보고서.pdf");
  assert.ok(
    [...caption(files(9).map((_, id) => picture(id, { fileName: "🙂".repeat(250) })))].length <=
      1000,
  );
  assert.equal(mediaPath("ab/../c"), "api/media/ab%2F..%2Fc");
});

test("sizes are said in the reader's language", () => {
  assert.deepEqual(
    [512, 1400, 25_000_000].map((bytes) => fileSize(bytes, "en")),
    ["512 bytes", "1.4 kB", "25 MB"],
  );
  assert.match(fileSize(14_000, "ru"), /14\skБ|14\sкБ/);
});

test("files come with live messages, with pages, and while a message is pending; a deleted message has none", () => {
  const state = after(
    signedIn(),
    opened,
    page([message(1, { media: [picture(1)] })]),
    live(2, { media: [picture(2)] }),
  );
  const pending = {
    clientId: "c",
    roomId: ROOM,
    content: "x",
    createdAt: "2025-07-15T13:01:00Z",
    state: "pending",
    media: [picture(3)],
  };
  const view = (now) =>
    buildRows({
      timeline: now.timelines[ROOM],
      lastSeq: 2,
      low: 0,
      high: Infinity,
      pending: [pending],
      me: "alice",
      unreadSeq: undefined,
      unreadCount: 0,
      mayDeleteAny: false,
      pinnedBy: () => undefined,
      reads: {},
      quoted: {},
      nameOf: (id) => id,
      pictureOf: () => undefined,
    })
      .filter((row) => row.kind === "message")
      .map((row) => row.media.map(({ id }) => id));
  assert.deepEqual(view(state), [[1], [2], [3]]);
  const gone = after(state, {
    type: "message_deleted",
    room_id: ROOM,
    message_id: "msg1000000001",
    seq: 1,
    rev: 3,
    user_id: "bob",
    timestamp: "2025-07-15T13:02:00Z",
  });
  assert.deepEqual(view(gone), [[], [2], [3]]);
});

test("what was sent with files keeps them when only the answer came", () => {
  const pending = {
    clientId: "c9",
    roomId: ROOM,
    content: "p1.png",
    createdAt: "2025-07-15T13:01:00Z",
    state: "pending",
    media: [picture(1)],
  };
  const state = after(
    signedIn(),
    opened,
    page([]),
    { type: "queued", pending },
    {
      type: "message_sent",
      room_id: ROOM,
      message_id: "msg1000000001",
      seq: 1,
      rev: 1,
      timestamp: "2025-07-15T13:01:01Z",
      client_id: "c9",
    },
  );
  assert.deepEqual(
    state.timelines[ROOM].messages[0].media.map(({ id }) => id),
    [1],
  );
  assert.equal(state.outbox.length, 0);
});

test("a file is asked for under the name that its message shows, and sent under one that hides nothing", () => {
  assert.equal(mediaPath("ab", 7), "api/media/ab?id=7");
  assert.equal(mediaPath("ab"), "api/media/ab");
  assert.equal(plainName("invoice_\u202Efdp.exe"), "invoice_fdp.exe");
  assert.equal(plainName("\u200F책 👩\u200D🚀\n.png"), "책 👩\u200D🚀.png");
  assert.equal(plainName("\u2066\u2069"), "");
});

test("nothing hidden stays in the name of a file", () => {
  assert.equal(plainName("a\u202eb\ufe0f\u3164.png"), "ab.png");
  assert.equal(plainName("an\u200dn\u200c.txt"), "ann.txt");
  for (const name of ["1\ufe0f\u20e3.png", "👩\u200d🚀 ❤\ufe0f.gif", "می\u200cخواهم.txt"])
    assert.equal(plainName(name), name);
});
