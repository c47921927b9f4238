import { equal } from 'node:assert/strict';

import { nodeProgram, versionOf } from '../apps.mjs';
import { backChannel } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';
import { reportUnplayed } from '../report.mjs';

const stage = Stage.open();

// Its third version needs a Node that loads modules by `require`.
const versions = [['express-openid-connect-2', 'account page', 'command line']];
if (process.features.require_module) {
  versions.push(['express-openid-connect', 'neighbour', 'pages']);
} else {
  const version = versionOf('express-openid-connect');
  const because = 'needs Node 20.19 or later';
  await reportUnplayed({ client: 'express-openid-connect', version, because });
}

for (const [library, elsewhereBy, adminBy] of versions) {
  const version = versionOf(library);
  const app = stage.opens({
    name: `express-openid-connect ${version}`,
    program: nodeProgram('express-openid-connect.mjs'),
    metadata: clientOf('express-openid-connect', 'app'),
    environment: () => ({ LIBRARY: library }),
  });

  stage.plays({
    app,
    client: 'express-openid-connect',
    version,
    does: 'code with PKCE',
    elsewhere: backChannel,
    elsewhereBy,
    admin: backChannel,
    adminBy,
  });

  stage.story(`express-openid-connect ${version}: one browser is signed out, the same person’s other is not`, async (browser) => {
    const [laptop, phone] = [await browser(), await browser()];
    await stage.signIn(laptop, app);
    await stage.follow(laptop, stage.neighbour);
    await stage.signIn(phone, app);
    await laptop.open(`${stage.neighbour.url}/logout`);
    await backChannel.heard(laptop, app);
    equal(await phone.stateAt(app), 'signed in as alice');
    await phone.open(`${app.url}/silent`);
    await phone.expect('#state', 'signed in as alice');
    await stage.house.endSessions(stage.alice);
  });
}
