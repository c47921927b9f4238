import { ok } from 'node:assert/strict';

import { startApache } from '../apache/apache.mjs';
import { backChannel, frontChannel, notHeard } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open();
const told = stage.opens({
  name: 'Apache that is told',
  start: startApache,
  metadata: clientOf('mod_auth_openidc', 'back-channel'),
});
const framed = stage.opens({
  name: 'Apache in a frame',
  start: startApache,
  metadata: clientOf('mod_auth_openidc', 'front-channel'),
});

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
  admin: notHeard,
});

stage.story('it gives its tokens back when its person signs out there', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, told);
  const before = revocations();
  await alices.open(`${told.url}/logout`);
  await alices.expect('#state', 'signed out');
  ok(revocations() > before, 'no revocation');
});

function revocations() {
  return stage.house.said.split('\n').filter((line) => {
    return line.includes('route="/oauth2/revoke"') && line.includes('status=200');
  }).length;
}
