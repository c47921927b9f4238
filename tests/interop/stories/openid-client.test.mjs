import { equal } from 'node:assert/strict';

import * as client from 'openid-client';

import { nodeProgram, versionOf } from '../apps.mjs';
import { House } from '../house.mjs';
import { introspectedInactive, refreshRefused } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open('[registration]\nopen_to = "token_holders"\n');
const program = nodeProgram('openid-client.mjs');
const metadata = clientOf('openid-client', 'app');

const app = stage.opens({ name: 'openid-client', program, metadata });
const asking = stage.opens({ name: 'openid-client that asks', program, metadata });
const pushing = stage.opens({
  name: 'openid-client that pushes',
  program,
  metadata: clientOf('openid-client', 'pushing'),
  environment: () => ({ PAR: 'on' }),
});

stage.plays({
  app,
  client: 'openid-client, refreshing',
  version: versionOf('openid-client'),
  does: 'code with PKCE, refresh',
  elsewhere: refreshRefused,
  admin: refreshRefused,
});

stage.plays({
  app: asking,
  client: 'openid-client, asking',
  version: versionOf('openid-client'),
  does: 'code with PKCE, introspection',
  elsewhere: introspectedInactive,
  elsewhereBy: 'account page',
  admin: introspectedInactive,
});

stage.story('it refreshes as long as the session lives', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, app);
  for (let time = 0; time < 2; time++) {
    equal((await alices.json(`${app.url}/refresh`)).refreshed, true);
  }
  equal((await alices.json(`${app.url}/introspect`)).active, true);
  equal(await alices.stateAt(app), 'signed in as alice');
});

stage.story('a token that it revoked opens nothing any more', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, app);
  equal((await alices.json(`${app.url}/revoke`)).revoked, true);
  equal((await alices.json(`${app.url}/refresh`)).error, 'invalid_grant');
});

stage.story('who must push its requests does, and no other way is open to it', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, pushing);
  const config = await configuration(pushing.client.client_id, pushing.client.client_secret);
  const plain = client.buildAuthorizationUrl(config, {
    redirect_uri: `${pushing.url}/callback`,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  });
  await alices.open(plain.href);
  await alices.expect('#why', 'invalid_request');
});

stage.story('an app that registered itself signs people in once they allow it', async (browser) => {
  const stranger = await stage.app({ name: 'Stranger', program, metadata, register });
  const alices = await browser();
  await alices.open(`${stranger.url}/login`);
  await alices.typePassword(stage.alice);
  await alices.click('button[value="allow"]');
  await alices.expect('#state', 'signed in as alice');
});

async function register({ first_party, ...metadata }) {
  const made = await stage.house.command(['registration', 'create-token', '--json']);
  const initialAccessToken = JSON.parse(made).initial_access_token;
  const execute = [client.allowInsecureRequests];
  const ISSUER = stage.house.issuer;
  // <settings: registration>
  const config = await client.dynamicClientRegistration(
    new URL(ISSUER),
    metadata,
    // How `config` proves who it is from then on: by the secret that it is given.
    undefined,
    { execute, initialAccessToken },
  );
  // The id and the secret of the client. They are not told again: keep them.
  const registered = config.clientMetadata();
  // </settings>
  return registered;
}

stage.story('an app acts for itself', async () => {
  const own = await stage.house.client(House.fresh('worker'), clientOf('openid-client', 'worker')());
  const config = await configuration(own.client_id, own.client_secret);
  // <settings: worker>
  const tokens = await client.clientCredentialsGrant(config);
  // </settings>
  equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
  await client.tokenRevocation(config, tokens.access_token);
  equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
});

function configuration(id, secret) {
  return client.discovery(
    new URL(stage.house.issuer),
    id,
    {},
    client.ClientSecretBasic(secret),
    { execute: [client.allowInsecureRequests] },
  );
}
