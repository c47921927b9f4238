// RFC 8628: a device without a keyboard shows a code, and the person allows it in a browser.
import { equal, rejects } from 'node:assert/strict';

import * as client from 'openid-client';

import { versionOf } from '../apps.mjs';
import { House } from '../house.mjs';
import { refreshRefused } from '../mechanisms.mjs';
import { clientOf } from '../pages.mjs';
import { Stage } from '../plays.mjs';
import { report } from '../report.mjs';

const stage = Stage.open();
const row = {
  client: 'openid-client, on a device',
  version: versionOf('openid-client'),
  does: 'device authorization, refresh',
};

stage.story('openid-client: a device is let in, and hears of a sign-out elsewhere', async (browser) => {
  const alices = await browser();
  const { config, tokens } = await letIn(alices);
  const { sub } = tokens.claims();
  const person = await client.fetchUserInfo(config, tokens.access_token, sub);
  equal(person.preferred_username, 'alice');
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);

  await alices.open(`${stage.house.issuer}/oauth2/logout`);
  await alices.click('#logout-confirm');
  const refused = client.refreshTokenGrant(config, renewed.refresh_token ?? tokens.refresh_token);
  await rejects(refused, { error: 'invalid_grant' });
  row.elsewhere = refreshRefused.name;
});

stage.story('openid-client: a device hears of an administrator', async (browser) => {
  const { config, tokens } = await letIn(await browser());
  await stage.endByCommand();
  const refused = client.refreshTokenGrant(config, tokens.refresh_token);
  await rejects(refused, { error: 'invalid_grant' });
  row.admin = refreshRefused.name;
  await report(row);
});

stage.story('openid-client: a device that is refused hears it', async (browser) => {
  const { config, asked } = await television();
  const alices = await browser();
  await alices.open(asked.verification_uri_complete);
  await goOnToTheEnd(alices, asked.user_code, 'button[value="deny"]');
  await rejects(client.pollDeviceAuthorizationGrant(config, asked), { error: 'access_denied' });
});

/** A device that alice lets in. */
async function letIn(alices) {
  const { config, asked } = await television();
  await alices.open(asked.verification_uri_complete);
  await goOnToTheEnd(alices, asked.user_code);
  // <settings: poll>
  // Waits until the person has answered.
  const tokens = await client.pollDeviceAuthorizationGrant(config, asked);
  // </settings>
  return { config, tokens };
}

/** A device that has asked for its code. */
async function television() {
  const { client_id } = await stage.house.client(
    House.fresh('television'),
    clientOf('openid-client', 'device')(),
  );
  const config = await client.discovery(
    new URL(stage.house.issuer),
    client_id,
    {},
    client.None(),
    { execute: [client.allowInsecureRequests] },
  );
  // <settings: ask>
  // Show asked.user_code and asked.verification_uri, or asked.verification_uri_complete as a picture.
  const asked = await client.initiateDeviceAuthorization(config, { scope: 'openid profile' });
  // </settings>
  return { config, asked };
}

/**
 * Page by page, by way of the sign-in, to where nothing is asked any more; `answer` is pressed where
 * it can be.
 */
async function goOnToTheEnd(browser, code, answer = 'button[value="allow"]') {
  for (let pages = 0; pages < 5; pages++) {
    if (await browser.page.$('#username')) {
      await browser.typePassword(stage.alice);
      continue;
    }
    const field = await browser.page.$('input[name="user_code"]:not([type="hidden"])');
    if (field) await field.evaluate((input, value) => (input.value = value), code);
    const button = (await browser.page.$(answer)) ? answer : 'button.primary';
    if (!(await browser.page.$(button))) return;
    await browser.click(button);
  }
  throw new Error('there are more pages than there should be');
}
