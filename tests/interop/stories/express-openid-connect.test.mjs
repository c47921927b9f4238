import { equal } from 'node:assert/strict';

import { expressOpenidConnect, nodeProgram } from '../apps.mjs';
import { backChannel } from '../mechanisms.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open();
const app = stage.opens({
  name: 'express-openid-connect',
  program: nodeProgram('express-openid-connect.mjs'),
  metadata: expressOpenidConnect,
});

stage.plays({
  app,
  client: 'express-openid-connect',
  version: '3.4',
  does: 'code with PKCE',
  elsewhere: backChannel,
  admin: backChannel,
  adminBy: 'pages',
});

stage.story('one browser is signed out, the same person’s other browser is not', async (browser) => {
  const [laptop, phone] = [await browser(), await browser()];
  await stage.signIn(laptop, app);
  await stage.signIn(phone, app);
  await laptop.open(`${app.url}/logout`);
  await laptop.expect('#state', 'signed out');
  equal(await phone.stateAt(app), 'signed in as alice');
  await phone.open(`${app.url}/silent`);
  await phone.expect('#state', 'signed in as alice');
  await stage.house.endSessions(stage.alice);
});
