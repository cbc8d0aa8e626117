// A real provider of OpenID Connect for the tests. Prints `port PORT`, after its own warnings. What it says of people, and what
// is wrong with its answers, is set at /test.
//
//   node provider.mjs NODE_MODULES [PORT]
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(join(process.argv[2], "x.js")));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { default: Provider } = await load("oidc-provider");
const { SignJWT, decodeJwt, exportJWK, generateKeyPair, importJWK } = await load("jose");

const key = async (kid) => {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" };
};
const [first, second] = [await key("first"), await key("second")];

/** What is known of people, by login: claims. */
let people = {};
/**
 * What is wrong: `claims` that replace those of ID tokens; `key`: "first" or "second", with which
 * they are signed; `kid` they name; `keys`: those that are published; `late`: the token endpoint
 * refuses.
 */
let wrong = {};
/** Requests to the token endpoint. */
let exchanges = 0;

const server = createServer();
await new Promise((listening) => server.listen(Number(process.argv[3] ?? 0), "127.0.0.1", listening));
const { port } = server.address();

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "chat",
      client_secret: "very secret",
      redirect_uris: ["http://127.0.0.1/api/oidc/callback"],
    },
  ],
  jwks: { keys: [first] },
  cookies: { keys: ["a key of the test"] },
  // Scopes that it does not know are dropped without a word, so all are named.
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username"],
    email: ["email", "email_verified"],
    groups: ["groups"],
  },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  findAccount: (_ctx, sub) => ({
    accountId: sub,
    claims: () => ({ sub, ...(people[sub] ?? {}) }),
  }),
  // Nobody is asked for consent.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email groups");
    await grant.save();
    return grant;
  },
});
// The port of the chat is not known before.
provider.Client.prototype.redirectUriAllowed = (uri) =>
  new URL(uri).pathname.endsWith("/api/oidc/callback");

provider.use(async (ctx, next) => {
  if (ctx.path === "/token") exchanges += 1;
  await next();
  if (ctx.path === "/jwks" && wrong.keys) {
    const shown = [first, second].filter(({ kid }) => wrong.keys.includes(kid));
    ctx.body = { keys: shown.map(({ kty, n, e, kid, alg, use }) => ({ kty, n, e, kid, alg, use })) };
  }
  if (ctx.path === "/token" && ctx.body?.id_token && (wrong.claims || wrong.key)) {
    const signer = wrong.key === "second" ? second : first;
    const claims = { ...decodeJwt(ctx.body.id_token), ...wrong.claims };
    ctx.body.id_token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: wrong.kid ?? signer.kid })
      .sign(await importJWK(signer, "RS256"));
  }
});

const read = async (request) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
};

server.on("request", async (request, response) => {
  const { pathname } = new URL(request.url, "http://127.0.0.1");
  if (pathname === "/test") {
    if (request.method === "POST") ({ people = people, wrong = {} } = JSON.parse(await read(request)));
    return response.end(JSON.stringify({ exchanges }));
  }
  if (!pathname.startsWith("/interaction/")) return provider.callback()(request, response);
  if (request.method === "POST") {
    const login = new URLSearchParams(await read(request)).get("login");
    const result = login
      ? { login: { accountId: login } }
      : { error: "access_denied", error_description: "the person has gone back" };
    return provider.interactionFinished(request, response, result);
  }
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(
    `<!doctype html><title>Sign in</title><form method="post"><input name="login" id="login">
     <button id="go">Sign in</button></form>`,
  );
});

console.log(`port ${port}`);
// It ends with the test.
process.stdin.on("end", () => process.exit()).resume();
