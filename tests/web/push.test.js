/** The service worker: what it shows of push notifications, and what a click does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

import { isRead } from "../../assets/js/state/select.js";

const SCOPE = "https://chat.example/team/";

/** A service worker with what browsers give it. */
function worker({ kept, pages = [], answers = {} } = {}) {
  const listeners = {};
  const [shown, opened, asked, badges] = [[], [], [], []];
  const registration = {
    scope: SCOPE,
    showNotification: async (title, options) => void shown.push({ title, ...options }),
    pushManager: {
      subscribe: async (options) => ({ toJSON: () => ({ endpoint: "new", options }) }),
    },
  };
  const self = {
    registration,
    navigator: { setAppBadge: async (number) => void badges.push(number) },
    addEventListener: (name, does) => (listeners[name] = does),
    clients: {
      matchAll: async () => pages,
      openWindow: async (url) => void opened.push(url),
    },
  };
  const match = async () => kept && { json: async () => kept };
  const fetch = async (url, options) => {
    asked.push([options.method ?? "GET", String(url), options.body]);
    return { json: async () => answers[String(url)] };
  };
  const globals = { self, URL, fetch, caches: { open: async () => ({ match }) } };
  vm.runInNewContext(readFileSync(new URL("../../assets/sw.js", import.meta.url), "utf8"), globals);
  const fire = async (name, event) => {
    let done;
    listeners[name]({ ...event, waitUntil: (promise) => (done = promise) });
    await done;
  };
  return { fire, shown, opened, asked, badges };
}

const told = {
  type: "message",
  room_id: "room007",
  message_id: "msg7000000012",
  room_name: "Hall",
  sender: "Ann",
  text: "pay $& now",
  unread: 3,
};
const event = (data) => ({ data: { json: () => data } });
const plain = (value) => JSON.parse(JSON.stringify(value));

test("a message is shown with its room and its author, one notification for each room", async () => {
  const { fire, shown, badges } = worker();
  await fire("push", event(told));
  const [{ title, body, tag, renotify, silent, data }] = shown;
  assert.deepEqual([title, body, tag], ["Hall", "Ann: pay $& now", "room007"]);
  assert.deepEqual([renotify, silent], [true, false]);
  assert.equal(data.hash, "#/room007/msg7000000012");
  assert.deepEqual(badges, [3]);
});

test("a conversation of two has the author as its title", async () => {
  const { fire, shown } = worker({ pages: [{ focused: true, url: SCOPE }] });
  await fire("push", event({ ...told, room_name: null }));
  assert.deepEqual([shown[0].title, shown[0].body], ["Ann", "pay $& now"]);
  assert.equal(shown[0].silent, true, "the page is in front");
});

test("texts are those of the page", async () => {
  const kept = { name: "채팅", hidden: "새 메시지", snippet: "{name} – {text}", icon: "i" };
  const { fire, shown } = worker({ kept });
  await fire("push", event({ ...told, text: null }));
  assert.deepEqual([shown[0].body, shown[0].icon], ["Ann – 새 메시지", "i"]);
});

test("whatever comes is shown, since browsers demand it", async () => {
  const { fire, shown } = worker();
  await fire("push", event({ type: "of another time" }));
  await fire("push", { data: null });
  assert.deepEqual(
    shown.map(({ title, body, tag }) => [title, body, tag]),
    [
      ["Chat", "New message", "chat"],
      ["Chat", "New message", "chat"],
    ],
  );
});

test("a click goes to a page that is open, or opens one below the prefix", async () => {
  const posted = [];
  const page = {
    url: `${SCOPE}#/rooms`,
    focus: async () => {},
    postMessage: (m) => posted.push(m),
  };
  const notification = { close: () => {}, data: { hash: "#/room007/msg1" } };
  const open = worker({ pages: [{ ...page, url: "https://chat.example/" }, page] });
  await open.fire("notificationclick", { notification });
  assert.deepEqual(plain(posted), [{ type: "push-open", hash: "#/room007/msg1" }]);
  assert.deepEqual(open.opened, []);
  const none = worker();
  await none.fire("notificationclick", { notification });
  assert.deepEqual(none.opened, [`${SCOPE}#/room007/msg1`]);
});

test("a subscription that the browser has replaced is replaced on the server", async () => {
  const path = `${SCOPE}api/users/me/push`;
  const state = { key: "K", subscription: { endpoint: "old", all: true, text: false } };
  const { fire, asked } = worker({ answers: { [path]: state } });
  await fire("pushsubscriptionchange", {});
  const [refresh, read, put] = asked;
  assert.deepEqual(refresh.slice(0, 2), ["POST", `${SCOPE}api/refresh`]);
  assert.deepEqual(read.slice(0, 2), ["GET", path]);
  const options = { userVisibleOnly: true, applicationServerKey: "K" };
  assert.deepEqual(put.slice(0, 2), ["PUT", path]);
  assert.deepEqual(JSON.parse(put[2]), { endpoint: "new", options, all: true, text: false });
  const off = worker({ answers: { [path]: { available: false } } });
  await off.fire("pushsubscriptionchange", {});
  assert.equal(off.asked.length, 2, "whoever is not subscribed stays so");
});

test("a notification is only closed for a message that the page has heard of", () => {
  const shown = (number) => ({ tag: "room007", data: { hash: `#/room007/msg700000001${number}` } });
  const rooms = (unreadCount, number) => ({
    rooms: { room007: { unreadCount, lastMessage: { messageId: `msg700000001${number}` } } },
  });
  assert.equal(isRead(rooms(0, 2), shown(2)), true);
  assert.equal(isRead(rooms(0, 3), shown(2)), true, "and a newer one was read, too");
  assert.equal(isRead(rooms(1, 2), shown(2)), false);
  assert.equal(isRead(rooms(0, 1), shown(2)), false, "the push service was faster");
  assert.equal(isRead({ rooms: {} }, shown(2)), true, "the room was left");
  assert.equal(isRead({ rooms: { room007: { unreadCount: 0 } } }, shown(2)), false);
});
