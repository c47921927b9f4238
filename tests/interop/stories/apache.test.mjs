import { deepEqual, equal, match, notEqual } from 'node:assert/strict';

import { startApache } from '../apache/apache.mjs';
import { backChannel, frontChannel } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open();
const [told, framed, renewing] = ['back-channel', 'front-channel', 'refreshing'].map((how) =>
  stage.opens({
    name: `Apache, ${how}`,
    start: startApache,
    metadata: clientOf('mod_auth_openidc', how),
  }),
);

/** Who is told only in a browser does not hear of an administrator until it asks. */
const atItsNextRefresh = {
  name: 'nothing at once; its next refresh is refused',
  async heard(browser, app, { username }) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    equal(await browser.stateAt(app), `signed in as ${username}`);
    const { access_token } = await tokensOf(browser, app);
    const refresh = new URLSearchParams({ refresh: `${app.url}/`, access_token });
    match(await browser.ask(`${app.url}/callback?${refresh}`), /error_code=refresh_failed/);
  },
};

/** Its tokens are so short-lived that it refreshes them at each request. */
const refreshRefusedByItself = {
  name: 'refresh refused, which it asks by itself',
  async heard(browser, app) {
    await browser.open(`${app.url}/`);
    await browser.expect('#why', 'login_required');
    await browser.expect('#state', 'signed out');
  },
};

stage.plays({
  app: told,
  client: 'mod_auth_openidc, back-channel',
  version: 'Debian’s',
  does: 'code with PKCE, revocation at its sign-out',
  elsewhere: backChannel,
  admin: backChannel,
  adminBy: 'pages',
});

stage.plays({
  app: framed,
  client: 'mod_auth_openidc, front-channel',
  version: 'Debian’s',
  does: 'code with PKCE, revocation at its sign-out',
  elsewhere: frontChannel,
  admin: atItsNextRefresh,
});

stage.plays({
  app: renewing,
  client: 'mod_auth_openidc, refreshing',
  version: 'Debian’s',
  does: 'code with PKCE, refresh',
  elsewhere: refreshRefusedByItself,
  elsewhereBy: 'account page',
  admin: refreshRefusedByItself,
});

stage.story('it refreshes as long as the session lives', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, renewing);
  const first = await tokensOf(alices, renewing);
  equal(await alices.stateAt(renewing), 'signed in as alice');
  const second = await tokensOf(alices, renewing);
  notEqual(first.access_token, second.access_token);
});

stage.story('it revokes its tokens when its person signs out there', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, told);
  const sessions = await stage.house.sessions(stage.alice);
  const { access_token, refresh_token } = await tokensOf(alices, told);
  const active = () =>
    Promise.all([access_token, refresh_token].map((token) => isActive(told.client, token)));
  deepEqual(await active(), [true, true]);
  // It sends the browser to Lanyard only after that, and this browser does not go.
  await alices.ask(`${told.url}/callback?logout=${encodeURIComponent(`${told.url}/`)}`);
  deepEqual(await active(), [false, false]);
  equal((await stage.house.sessions(stage.alice)).length, sessions.length);
});

/** What the module holds for a browser. */
function tokensOf(browser, app) {
  return browser.json(`${app.url}/callback?info=json`);
}

/** What Lanyard says of a token (RFC 7662). */
async function isActive({ client_id, client_secret }, token) {
  const body = new URLSearchParams({ client_id, client_secret, token });
  const answer = await fetch(`${stage.house.issuer}/oauth2/introspect`, { method: 'POST', body });
  return (await answer.json()).active;
}
