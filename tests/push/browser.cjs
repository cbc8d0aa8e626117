// What a browser does with push notifications, by libraries that the server does not use. The tools are those that
// tests/run installs.
//
//   node browser.cjs keys                prints a private key, a public key and a secret, in base64url
//   node browser.cjs open < REQUEST      decrypts a notification and checks its signature; prints both
"use strict";
const crypto = require("node:crypto");
const path = require("node:path");
const tools = path.join(__dirname, "../../target/test-tools/node_modules");

function keys() {
  const pair = crypto.createECDH("prime256v1");
  const key = pair.generateKeys();
  const encode = (bytes) => bytes.toString("base64url");
  return { private: encode(pair.getPrivateKey()), p256dh: encode(key), auth: encode(crypto.randomBytes(16)) };
}

/** `keys` as above; `body` in base64; `authorization` as it came. */
async function open({ keys, body, authorization }) {
  const ece = require(path.join(tools, "http_ece"));
  const jose = require(path.join(tools, "jose"));
  const pair = crypto.createECDH("prime256v1");
  pair.setPrivateKey(Buffer.from(keys.private, "base64url"));
  const text = ece.decrypt(Buffer.from(body, "base64"), {
    version: "aes128gcm",
    privateKey: pair,
    authSecret: keys.auth,
  });
  const [, token, key] = /^vapid t=([^ ,]+), k=([^ ,]+)$/u.exec(authorization);
  const point = Buffer.from(key, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
  const signer = await jose.importJWK({ kty: "EC", crv: "P-256", x, y }, "ES256");
  const { payload, protectedHeader } = await jose.jwtVerify(token, signer);
  return { told: JSON.parse(text.toString()), claims: payload, header: protectedHeader, key };
}

async function main() {
  if (process.argv[2] === "keys") return keys();
  let input = "";
  for await (const part of process.stdin) input += part;
  return open(JSON.parse(input));
}

main().then((result) => console.log(JSON.stringify(result)));
