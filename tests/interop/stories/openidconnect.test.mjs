import { equal } from 'node:assert/strict';

import { crateVersionOf, rustProgram } from '../apps.mjs';
import { introspectedInactive, refreshRefused } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open();
const program = rustProgram();
const metadata = clientOf('openidconnect', 'app');
const app = stage.opens({ name: 'openidconnect', program, metadata });
const asking = stage.opens({ name: 'openidconnect that asks', program, metadata });

stage.plays({
  app,
  client: 'openidconnect, refreshing',
  version: crateVersionOf('openidconnect'),
  does: 'code with PKCE, refresh',
  elsewhere: refreshRefused,
  admin: refreshRefused,
});

stage.plays({
  app: asking,
  client: 'openidconnect, asking',
  version: crateVersionOf('openidconnect'),
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
