// The peer of the benchmarks: a chat server written for speed on Bun (uWebSockets) and bun:sqlite.
// It has no users, no permissions, no search and no limits, and speaks as much of the chatrooms API
// as the load generator needs.
//
//   bun server.ts DATABASE off|full     off: nothing is synced; full: each message is
import { Database } from "bun:sqlite";

const [path, synchronous] = process.argv.slice(2);
const db = new Database(path, { create: true });
db.run("PRAGMA journal_mode = WAL");
db.run(`PRAGMA synchronous = ${synchronous}`);
db.run("CREATE TABLE message (id INTEGER PRIMARY KEY, room TEXT, seq INTEGER, text TEXT, at TEXT)");
db.run("CREATE UNIQUE INDEX in_room ON message (room, seq)");
const insert = db.prepare("INSERT INTO message (room, seq, text, at) VALUES (?, ?, ?, ?)");
const newest = db.prepare("SELECT seq, text, at FROM message WHERE room = ? ORDER BY seq DESC LIMIT ?");
const last = new Map<string, number>();
let rooms = 0;

const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, server) {
        const url = new URL(request.url);
        if (url.pathname === "/chat") return server.upgrade(request) ? undefined : new Response("", { status: 426 });
        if (url.pathname === "/api/chatrooms") return Response.json({ roomId: `room${String(++rooms).padStart(8, "0")}` });
        const history = url.pathname.match(/^\/api\/chatrooms\/([^/]+)\/messages$/);
        if (history) return Response.json({ messages: newest.all(history[1], Number(url.searchParams.get("limit") ?? 50)) });
        return Response.json({ token: "none" });
    },
    websocket: {
        perMessageDeflate: false,
        idleTimeout: 900,
        backpressureLimit: 256 * 1024 * 1024,
        message(socket, frame) {
            const { type, room_id, content } = JSON.parse(frame as string);
            if (type === "join_room") {
                socket.subscribe(room_id);
                socket.send(JSON.stringify({ type: "room_joined", room_id }));
                return;
            }
            const seq = (last.get(room_id) ?? 0) + 1;
            last.set(room_id, seq);
            const at = new Date().toISOString();
            insert.run(room_id, seq, content, at);
            const message_id = `${room_id}-${seq}`;
            server.publish(
                room_id,
                JSON.stringify({
                    type: "chat_message", room_id, message_id, seq, rev: seq, user_id: "ann",
                    user_name: "ann", content, timestamp: at, mentions: [], attachments: [],
                }),
            );
            socket.send(JSON.stringify({ type: "message_sent", message_id, rev: seq, timestamp: at }));
        },
    },
});
console.log(`Listening on http://${server.hostname}:${server.port}`);
