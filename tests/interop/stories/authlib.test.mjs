import { equal } from 'node:assert/strict';

import { pythonProgram, pythonVersionOf } from '../apps.mjs';
import { introspectedInactive, refreshRefused } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open();
const program = pythonProgram('authlib_app.py');
const metadata = clientOf('authlib', 'app');
const app = stage.opens({ name: 'Authlib', program, metadata });
const asking = stage.opens({ name: 'Authlib that asks', program, metadata });

stage.plays({
  app,
  client: 'Authlib, refreshing',
  version: pythonVersionOf('authlib'),
  does: 'code with PKCE, refresh',
  elsewhere: refreshRefused,
  admin: refreshRefused,
});

stage.plays({
  app: asking,
  client: 'Authlib, asking',
  version: pythonVersionOf('authlib'),
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
