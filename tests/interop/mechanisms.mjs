// How an app hears that a session has ended elsewhere. Each mechanism shows that the app heard in
// this way and in no other: where the app is told, it is asked as a stranger would ask it, by its
// own cookies, so that nothing leads it to Lanyard; where it must ask, it has not heard before.
import { equal } from 'node:assert/strict';

import { until } from './processes.mjs';

async function isTold(browser, app) {
  const isOut = async () => (await browser.stateAt(app)) === 'signed out';
  await until(`${app.name} hears`, isOut);
}

async function hasNotHeard(browser, app, person) {
  equal(await browser.stateAt(app), `signed in as ${person.username}`);
}

export const backChannel = {
  name: 'back-channel logout',
  heard: isTold,
};

/** Heard from the page on which somebody signs out: only in that browser. */
export const frontChannel = {
  name: 'front-channel logout',
  heard: isTold,
};

export const refreshRefused = {
  name: 'refresh refused',
  async heard(browser, app, person) {
    await hasNotHeard(browser, app, person);
    equal((await browser.json(`${app.url}/refresh`)).error, 'invalid_grant');
    equal(await browser.stateAt(app), 'signed out');
  },
};

export const introspectedInactive = {
  name: 'introspection: inactive',
  async heard(browser, app, person) {
    await hasNotHeard(browser, app, person);
    equal((await browser.json(`${app.url}/introspect`)).active, false);
    equal(await browser.stateAt(app), 'signed out');
  },
};

/** The app sends the browser with `prompt=none` when it is told to (`/silent`). */
export const silentRefused = {
  name: '`prompt=none` refused',
  async heard(browser, app, person) {
    await hasNotHeard(browser, app, person);
    await browser.open(`${app.url}/silent`);
    await browser.expect('#why', 'login_required');
    await browser.expect('#state', 'signed out');
  },
};
