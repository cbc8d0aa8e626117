/** What sessions run on, as their clients call themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceOf } from "../../assets/js/lib/device.js";

const said = (agent) => Object.values(deviceOf(agent)).join("|");

test("browsers are told apart although they all claim to be each other", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
  assert.equal(said(chrome), "Chrome|Linux|computer");
  assert.equal(said(chrome.replace("Chrome", "HeadlessChrome")), "Chrome|Linux|computer");
  assert.equal(
    said(`${chrome.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64")} Edg/131.0.0.0`),
    "Edge|Windows|computer",
  );
  assert.equal(
    said("Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0"),
    "Firefox|Windows|computer",
  );
  assert.equal(
    said(
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    ),
    "Safari|iPhone|phone",
  );
  assert.equal(
    said(
      "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0 Mobile Safari/537.36",
    ),
    "Samsung Internet|Android|phone",
  );
});

test("what is no browser keeps its own name", () => {
  assert.equal(said("curl/8.5.0"), "curl||tool");
  assert.equal(said("release-bot"), "release-bot||tool");
  for (const nothing of ["", null, undefined]) assert.equal(said(nothing), "||tool");
});
