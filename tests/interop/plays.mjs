// What every client plays, in a browser that nobody has used yet each time.
import { equal } from 'node:assert/strict';
import { after, test } from 'node:test';

import { nodeProgram, openApp } from './apps.mjs';
import { Chromium } from './browser.mjs';
import { House } from './house.mjs';
import { backChannel } from './mechanisms.mjs';
import { clientOf } from './pages.mjs';
import { report } from './report.mjs';

/** What the stories of a file share: a house, a browser, people, and an app beside its own. */
export class Stage {
  house;
  chromium;
  alice;
  admin;
  neighbour;
  #configuration;
  #wanted = [];
  #apps = [];
  #raised;

  /** For the file's stories; `configuration` is more of lanyard.toml. */
  static open(configuration) {
    const stage = new Stage();
    stage.#configuration = configuration;
    after(() => stage.#strike());
    return stage;
  }

  // By the first story that is told, whichever that is.
  async #raise() {
    this.chromium = await Chromium.start();
    this.house = await House.open(this.#configuration);
    this.alice = await this.house.person('alice', '--name', 'Alice Liddell');
    this.admin = await this.house.person('admin', '--admin');
    this.neighbour = await this.app({ name: 'neighbour', ...NEIGHBOUR });
    for (const [app, options] of this.#wanted) Object.assign(app, await this.app(options));
  }

  async #strike() {
    await Promise.all(this.#apps.map((app) => app.process.stop()));
    await this.chromium?.close();
    await this.house?.close();
  }

  /** An app that is there before the first story; see `openApp`. */
  opens(options) {
    const app = {};
    this.#wanted.push([app, options]);
    return app;
  }

  /** An app that a story opens. */
  async app(options) {
    const app = await openApp(this.house, options);
    this.#apps.push(app);
    return app;
  }

  /** Tells a story, and if it fails, what the programs said meanwhile. */
  story(name, tell) {
    test(name, { timeout: 120_000 }, async () => {
      await (this.#raised ??= this.#raise());
      const browsers = [];
      const length = this.#said().map(([, said]) => said.length);
      const browser = async () => {
        const profile = await this.chromium.profile();
        browsers.push(profile);
        return profile;
      };
      try {
        await tell(browser);
      } catch (error) {
        for (const [number, [program, said]] of this.#said().entries()) {
          console.error(`--- ${program} said:\n${said.slice(length[number])}`);
        }
        throw error;
      } finally {
        await Promise.all(browsers.map((profile) => profile.close()));
      }
    });
  }

  #said() {
    const apps = this.#apps.map(({ name, process }) => [name, process.said]);
    return [['lanyard', this.house?.said ?? ''], ...apps];
  }

  /** Signs in at an app, where nobody is signed in at Lanyard yet. */
  async signIn(browser, app, person = this.alice) {
    await browser.open(`${app.url}/login`);
    await browser.typePassword(person);
    await browser.expect('#state', `signed in as ${person.username}`);
  }

  /** Signs in at an app without a page, as the person is signed in at Lanyard already. */
  async follow(browser, app, person = this.alice) {
    await browser.open(`${app.url}/login`);
    await browser.expect('#state', `signed in as ${person.username}`);
  }

  /**
   * Plays what every client plays, and reports how it heard.
   *
   * `app` is what is played; `client`, `version` and `does` name it in the table; `elsewhere` and
   * `admin` are how it is to hear (see mechanisms.mjs). `elsewhereBy` is `account page` where the
   * person ends the session from another device, else they sign out at the neighbour. `adminBy` is
   * `pages` where the administrator uses the pages, else it is the command line.
   */
  plays(how) {
    const { app, client, version, does, elsewhere, elsewhereBy, admin, adminBy } = how;
    const row = { client, version, does };
    const name = `${client} ${version}`;

    this.story(`${name}: signs in`, async (browser) => {
      const alices = await browser();
      await alices.open(`${app.url}/`);
      await alices.expect('#state', 'signed out');
      await this.signIn(alices, app);
      equal((await this.house.sessions(this.alice)).length, 1);
      await this.house.endSessions(this.alice);
    });

    this.story(`${name}: signs in silently`, async (browser) => {
      const alices = await browser();
      await alices.open(`${app.url}/silent`);
      await alices.expect('#why', 'login_required');
      await alices.expect('#state', 'signed out');
      await this.signIn(alices, this.neighbour);
      await alices.open(`${app.url}/silent`);
      await alices.expect('#state', 'signed in as alice');
      equal((await this.house.sessions(this.alice)).length, 1);
      await this.house.endSessions(this.alice);
    });

    this.story(`${name}: signs out there`, async (browser) => {
      const alices = await browser();
      await this.signIn(alices, app);
      await this.follow(alices, this.neighbour);
      await alices.open(`${app.url}/logout`);
      await alices.expect('#state', 'signed out');
      equal(new URL(alices.page.url()).origin, app.url);
      equal((await this.house.sessions(this.alice)).length, 0);
      await backChannel.heard(alices, this.neighbour);
    });

    this.story(`${name}: hears of a sign-out elsewhere: ${elsewhere.name}`, async (browser) => {
      const alices = await browser();
      await this.signIn(alices, this.neighbour);
      await this.follow(alices, app);
      await elsewhere.prepare?.(alices, app);
      if (elsewhereBy === 'account page') await this.endByAccount(await browser());
      else await this.signOutAtNeighbour(alices);
      await elsewhere.heard(alices, app, this.alice);
      row.elsewhere = elsewhere.name;
    });

    this.story(`${name}: hears of an administrator: ${admin.name}`, async (browser) => {
      const alices = await browser();
      await this.signIn(alices, app);
      await admin.prepare?.(alices, app);
      if (adminBy === 'pages') await this.endByPages(await browser());
      else await this.endByCommand();
      equal((await this.house.sessions(this.alice)).length, 0);
      await admin.heard(alices, app, this.alice);
      row.admin = admin.name;
      await report(row);
    });
  }

  /** Alice signs out at another app, in another tab of the same browser. */
  async signOutAtNeighbour(browser) {
    const other = await browser.tab();
    await other.open(`${this.neighbour.url}/logout`);
    await other.expect('#state', 'signed out');
  }

  /** Alice ends her other session from another browser. */
  async endByAccount(browser) {
    await browser.open(`${this.house.issuer}/account`);
    await browser.typePassword(this.alice);
    await browser.click('button[name="action"][value="end"]');
  }

  /** An administrator ends alice's session on the command line. */
  async endByCommand() {
    await this.house.endSessions(this.alice);
    // A running server refuses it within half a second. This machine may be busy.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }

  /** An administrator ends alice's session on their pages. */
  async endByPages(browser) {
    await browser.open(`${this.house.issuer}/admin/sessions?q=alice`);
    await browser.typePassword(this.admin);
    await browser.click('button[name="end"]');
    await browser.click('#end');
  }
}

// An app that hears of every end by the back channel.
const NEIGHBOUR = {
  program: nodeProgram('express-openid-connect.mjs'),
  metadata: clientOf('express-openid-connect', 'app'),
};
