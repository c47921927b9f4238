// An app with a server and express-openid-connect.
import { createServer } from 'node:http';

import express from 'express';
import session from 'express-session';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT, LIBRARY } = process.env;
// `LIBRARY` says which version; the second is what every Node of the stage can run.
const { default: library } = await import(LIBRARY ?? 'express-openid-connect-2');
const { auth } = library;
const app = express();
let why = '';

// <settings>
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: `http://localhost:${PORT}`,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: 'a long text that nobody knows, for the cookies of this app',
    authRequired: false,
    // The library's default is a token by way of the browser, which Lanyard refuses.
    authorizationParams: { response_type: 'code', scope: 'openid profile email' },
    // /logout signs out at Lanyard too.
    idpLogout: true,
    // Lanyard posts to /backchannel-logout. The mark of a session that ended stays in this store:
    // take one that outlives a restart, and that all nodes of the app share.
    backchannelLogout: { store: new session.MemoryStore() },
    session: { name: `eoc-${PORT}` },
    transactionCookie: { name: `eoc-${PORT}-transaction` },
    // Names are not in the ID token: ask for them once.
    afterCallback: async (req, res, session) => {
      const answer = await fetch(`${ISSUER}/oauth2/userinfo`, {
        headers: { authorization: `Bearer ${session.access_token}` },
      });
      return { ...session, person: await answer.json() };
    },
  }),
);
// </settings>

app.get('/', (req, res) => {
  const person = req.oidc.isAuthenticated() && req[`eoc-${PORT}`].person;
  const state = person ? `signed in as ${person.preferred_username}` : 'signed out';
  res.send(`<p id="state">${state}</p><p id="why">${why}</p>`);
  why = '';
});

app.get('/silent', (req, res) =>
  res.oidc.login({ returnTo: '/', authorizationParams: { prompt: 'none' } }),
);

// The callback of a sign-in that was refused.
app.use((error, req, res, next) => {
  why = error.error ?? error.message;
  res.redirect('/');
});

createServer(app).listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
