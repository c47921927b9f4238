import { nodeProgram, versionOf } from '../apps.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';

const stage = Stage.open('[session]\ncheck_iframe = "on"\n');
const program = nodeProgram('oidc-client-ts.mjs');

const app = stage.opens({
  name: 'oidc-client-ts',
  program,
  // It renews a minute before a token runs out: here that is every five seconds.
  metadata: (url) => ({ ...clientOf('oidc-client-ts', 'renewing')(url), access_token_lifetime: 65 }),
});
const watching = stage.opens({
  name: 'oidc-client-ts that watches',
  program,
  metadata: clientOf('oidc-client-ts', 'watching'),
  environment: () => ({ MONITOR: 'on' }),
});

stage.plays({
  app,
  client: 'oidc-client-ts, renewing',
  version: versionOf('oidc-client-ts'),
  does: 'code with PKCE in the browser, renewal by refresh token',
  elsewhere: saysByItself('renewal by refresh token refused', 'invalid_grant'),
  admin: saysByItself('renewal by refresh token refused', 'invalid_grant'),
});

stage.plays({
  app: watching,
  client: 'oidc-client-ts, watching',
  version: versionOf('oidc-client-ts'),
  does: 'code with PKCE in the browser, the check iframe',
  elsewhere: saysByItself('check iframe, while its page is open', 'signed out at Lanyard'),
  admin: saysByItself('check iframe, while its page is open', 'signed out at Lanyard'),
});

stage.story('it is renewed again and again while the session lives', async (browser) => {
  const alices = await browser();
  await stage.signIn(alices, app);
  await alices.page.waitForFunction(() => Number(document.body.dataset.renewals) >= 2);
  await alices.expect('#state', 'signed in as alice');
});

// Nobody touches the page: it lies open and says so by itself, with its reason.
function saysByItself(name, why) {
  return {
    name,
    async heard(browser) {
      await browser.page.bringToFront();
      await browser.expect('#state', 'signed out');
      await browser.expect('#why', why);
    },
  };
}
