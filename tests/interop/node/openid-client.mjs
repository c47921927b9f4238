// An app with a server and openid-client, which keeps its sessions itself.
import { randomUUID } from 'node:crypto';

import express from 'express';
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
// `PAR=on` pushes the request first, `DPOP=on` binds the tokens to a key of this process.
const pushes = process.env.PAR === 'on';
const binds = process.env.DPOP === 'on';

// <settings>
const home = `http://localhost:${PORT}/`;
const config = await client.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  {},
  CLIENT_SECRET ? client.ClientSecretBasic(CLIENT_SECRET) : client.None(),
  // Only because the issuer of this test is http.
  { execute: [client.allowInsecureRequests] },
);

async function authorization(session, parameters = {}) {
  session.code_verifier = client.randomPKCECodeVerifier();
  session.state = client.randomState();
  session.nonce = client.randomNonce();
  const request = {
    redirect_uri: `${home}callback`,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(session.code_verifier),
    code_challenge_method: 'S256',
    state: session.state,
    nonce: session.nonce,
    ...parameters,
  };
  if (pushes) return client.buildAuthorizationUrlWithPAR(config, request, { DPoP });
  return client.buildAuthorizationUrl(config, request);
}

async function redeem(session, address) {
  const checks = {
    pkceCodeVerifier: session.code_verifier,
    expectedState: session.state,
    expectedNonce: session.nonce,
    idTokenExpected: true,
  };
  const tokens = await client.authorizationCodeGrant(config, address, checks, {}, { DPoP });
  const { sub } = tokens.claims();
  // Names are not in the ID token: ask for them once.
  const person = await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP });
  return { tokens, person };
}

function logout({ tokens }) {
  return client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: home,
  });
}
// </settings>

let DPoP;
if (binds) {
  // <settings: DPoP>
  DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  // </settings>
}
const sessions = new Map();
const cookieName = `openid-client-${PORT}`;
const app = express();

app.use((req, res, next) => {
  const cookies = (req.headers.cookie ?? '').split('; ');
  const id = cookies.find((it) => it.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  req.session = sessions.get(id) ?? begin(res);
  next();
});

// A sign-in begins a session of its own under a new id.
function begin(res, session = {}) {
  const id = randomUUID();
  sessions.set(id, session);
  res.cookie(cookieName, id, { httpOnly: true, sameSite: 'lax' });
  return session;
}

app.get('/', (req, res) => {
  const { person, why = '' } = req.session;
  delete req.session.why;
  const state = person ? `signed in as ${person.preferred_username}` : 'signed out';
  res.send(`<p id="state">${state}</p><p id="why">${why}</p>`);
});

app.get('/login', async (req, res) => res.redirect(await authorization(req.session)));

app.get('/silent', async (req, res) => {
  res.redirect(await authorization(req.session, { prompt: 'none' }));
});

app.get('/callback', async (req, res) => {
  try {
    begin(res, await redeem(req.session, new URL(req.originalUrl, home)));
  } catch (error) {
    // Whoever asked silently and is refused is signed out.
    begin(res, { why: error.error ?? error.message });
  }
  res.redirect('/');
});

app.get('/refresh', async (req, res) => {
  try {
    const { tokens } = req.session;
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, {}, { DPoP });
    req.session.tokens = { ...tokens, ...fresh };
    res.json({ refreshed: true, token_type: fresh.token_type });
  } catch (error) {
    if (error.error === 'invalid_grant') forget(req.session);
    res.json({ error: error.error ?? error.message });
  }
});

app.get('/introspect', async (req, res) => {
  const answer = await client.tokenIntrospection(config, req.session.tokens.access_token);
  if (!answer.active) forget(req.session);
  res.json(answer);
});

// Shows the access token without a proof of its key, as a thief would have to.
app.get('/bearer', async (req, res) => {
  const answer = await fetch(config.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${req.session.tokens.access_token}` },
  });
  res.json({ status: answer.status });
});

app.get('/revoke', async (req, res) => {
  await client.tokenRevocation(config, req.session.tokens.refresh_token);
  res.json({ revoked: true });
});

app.get('/logout', (req, res) => {
  const address = logout(req.session);
  forget(req.session);
  res.redirect(address);
});

function forget(session) {
  for (const name of Object.keys(session)) delete session[name];
}

app.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
