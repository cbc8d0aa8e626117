/** The look of the server: contrast of colours, and what a frame changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, READABLE } from "../../assets/js/lib/contrast.js";
import { after, signedIn } from "./fixtures.js";

test("contrast is that of WCAG", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([255, 255, 255], [0, 0, 0]), 21);
  assert.equal(contrast([40, 80, 120], [40, 80, 120]), 1);
  // The lightest grey that may be read on white, and the next one.
  assert.ok(contrast([118, 118, 118], [255, 255, 255]) >= READABLE);
  assert.ok(contrast([119, 119, 119], [255, 255, 255]) < READABLE);
});

test("a changed look replaces the one before and leaves other facts", () => {
  const frame = (look) => ({ type: "server_updated", ...look, timestamp: "" });
  assert.equal(after(signedIn(), frame({ name: "Pier" })).server, null, "it is being asked for");
  const server = { name: "Chat", motd: "Hello", registration: true, setup: false };
  const loaded = after(signedIn(), { type: "server_loaded", server });
  const changed = after(loaded, frame({ name: "Pier", icon: "5f" })).server;
  assert.deepEqual(
    [changed.name, changed.icon, changed.motd, changed.registration],
    ["Pier", "5f", undefined, true],
  );
});
