import { pythonProgram, pythonVersionOf } from '../apps.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

/** Its own setting, and a little more. */
const RENEWS = 3_500;

const stage = Stage.open();
const app = stage.opens({
  name: 'mozilla-django-oidc',
  program: pythonProgram('django_site'),
  metadata: clientOf('mozilla-django-oidc', 'app'),
});

const asksByItself = {
  name: '`prompt=none` refused, which it asks by itself',
  async heard(browser) {
    await untilItAsks();
    await browser.open(`${app.url}/`);
    await browser.expect('#why', 'login_required');
    await browser.expect('#state', 'signed out');
  },
};

stage.plays({
  app,
  client: 'mozilla-django-oidc',
  version: pythonVersionOf('mozilla-django-oidc'),
  does: 'code with PKCE, a silent question now and then',
  elsewhere: asksByItself,
  admin: asksByItself,
});

stage.story('it asks, and nobody sees it, as long as the session lives', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, app);
  const asked = stage.house.said.length;
  await untilItAsks();
  await alices.open(`${app.url}/`);
  await alices.expect('#state', 'signed in as alice');
  const more = stage.house.said.slice(asked);
  if (!more.includes('route="/oauth2/authorize"')) throw new Error('it did not ask');
});

function untilItAsks() {
  return new Promise((resolve) => setTimeout(resolve, RENEWS));
}
