import { equal } from 'node:assert/strict';

import { crateVersionOf, rustProgram } from '../apps.mjs';
import { refreshRefused } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open();
const app = stage.opens({
  name: 'openidconnect',
  program: rustProgram(),
  metadata: clientOf('openidconnect', 'app'),
});

stage.plays({
  app,
  client: 'openidconnect',
  version: crateVersionOf('openidconnect'),
  does: 'code with PKCE, refresh',
  elsewhere: refreshRefused,
  admin: refreshRefused,
});

stage.story('it refreshes as long as the session lives', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, app);
  for (let time = 0; time < 2; time++) {
    equal((await alices.json(`${app.url}/refresh`)).refreshed, true);
  }
  equal(await alices.stateAt(app), 'signed in as alice');
});
