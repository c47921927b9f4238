// Debian's Chromium. Each profile is another browser, with cookies of its own; third-party cookies
// are blocked in it, as they are in a browser as it comes.
import puppeteer from 'puppeteer-core';

import { required, until } from './processes.mjs';

const PATIENCE = 30_000;

export class Chromium {
  #browser;

  static async start() {
    const chromium = new Chromium();
    chromium.#browser = await puppeteer.launch({
      executablePath: required('CHROME'),
      // Root has no sandbox; the stage opens pages of its own only.
      args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
    });
    return chromium;
  }

  /** A browser that nobody has used yet. */
  async profile() {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    return new Profile(context, page);
  }

  async close() {
    await this.#browser.close();
  }
}

export class Profile {
  #context;
  page;

  constructor(context, page) {
    this.#context = context;
    this.page = page;
  }

  async open(address) {
    await this.page.goto(address);
  }

  /** Another tab of the same browser. */
  async tab() {
    const page = await this.#context.newPage();
    page.setDefaultTimeout(PATIENCE);
    return new Profile(this.#context, page);
  }

  /** Waits for something, clicks it, and goes where it leads. */
  async click(selector) {
    await this.page.waitForSelector(selector, { visible: true });
    await Promise.all([this.page.waitForNavigation(), this.page.click(selector)]);
  }

  /** Lanyard's own sign-in page. */
  async typePassword({ username, password }) {
    await this.page.waitForSelector('#username', { visible: true });
    for (const [selector, text] of [['#username', username], ['#password', password]]) {
      await this.page.$eval(selector, (field, value) => (field.value = value), text);
    }
    await this.click('#login-submit');
  }

  /** Waits until a page says this, whichever pages come before it. */
  async expect(selector, text) {
    const found = () =>
      this.page.$eval(selector, (element) => element.textContent.trim()).catch(() => undefined);
    let last;
    const says = async () => (last = await found()) === text;
    await until(`${selector} says “${text}”`, says, PATIENCE).catch(async (error) => {
      const seen = await this.page.evaluate(() => document.body?.innerText).catch(() => '');
      throw new Error(`${error.message} It said “${last}” at ${this.page.url()}:\n${seen}`);
    });
  }

  /** JSON at an address of an app, asked for with the browser's cookies. */
  async json(address) {
    const text = await this.ask(address);
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`${address} is no JSON: ${text}`);
    }
  }

  /**
   * What the app itself says of the person, and nobody else: by its own cookies alone, with
   * no script, and without going where it may send the browser.
   */
  async stateAt(app) {
    const text = await this.ask(`${app.url}/`);
    return /id="state"[^>]*>([^<]*)</.exec(text)?.[1].trim() ?? text;
  }

  /** What an app answers to its own cookies, without going where it may send the browser. */
  async ask(address) {
    // Cookies ignore ports, so those of Lanyard would go along.
    const cookies = await this.#context.cookies();
    const own = cookies.filter(({ name }) => !name.startsWith('lanyard'));
    const header = own.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(address, { headers: { cookie: header }, redirect: 'manual' });
    return answer.text();
  }

  async close() {
    await this.#context.close();
  }
}
