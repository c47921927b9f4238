// RFC 9449 and RFC 9126: tokens of a public client, bound to its key from the pushed request on.
import { equal, notEqual } from 'node:assert/strict';

import * as client from 'openid-client';

import { nodeProgram, versionOf } from '../apps.mjs';
import { House } from '../house.mjs';
import { refreshRefused } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open();
const app = stage.opens({
  name: 'openid-client with DPoP',
  program: nodeProgram('openid-client.mjs'),
  metadata: clientOf('openid-client', 'binding'),
  environment: () => ({ DPOP: 'on', PAR: 'on' }),
});

stage.plays({
  app,
  client: 'openid-client, with DPoP',
  version: versionOf('openid-client'),
  does: 'code with PKCE, pushed requests, DPoP, refresh',
  elsewhere: refreshRefused,
  admin: refreshRefused,
});

stage.story('its token is of the kind DPoP, and opens nothing without the key', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, app);
  equal((await alices.json(`${app.url}/refresh`)).token_type, 'dpop');
  equal((await alices.json(`${app.url}/bearer`)).status, 401);
});

stage.story('a token that an app got for itself names its key', async () => {
  const own = await stage.house.client(House.fresh('worker'), {
    ...clientOf('openid-client', 'worker')(),
    dpop_bound_access_tokens: true,
  });
  const config = await client.discovery(
    new URL(stage.house.issuer),
    own.client_id,
    {},
    client.ClientSecretBasic(own.client_secret),
    { execute: [client.allowInsecureRequests] },
  );
  const [key, other] = [await client.randomDPoPKeyPair(), await client.randomDPoPKeyPair()];
  const DPoP = client.getDPoPHandle(config, key);
  const tokens = await client.clientCredentialsGrant(config, {}, { DPoP });
  const { active, cnf } = await client.tokenIntrospection(config, tokens.access_token);
  equal(active, true);
  equal(cnf.jkt, await DPoP.calculateThumbprint());
  notEqual(cnf.jkt, await client.getDPoPHandle(config, other).calculateThumbprint());
});
