// Apache in a folder of its own, on a port of its own: no Apache of the system is touched.
import { readFileSync } from 'node:fs';
import { chown, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { required, Running } from '../processes.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
/** Apache refuses to serve as root. */
const NOBODY = 65_534;

/** Starts it for an app; see `openApp`. */
export async function startApache(environment) {
  const folder = await mkdtemp(join(tmpdir(), 'apache-'));
  for (const file of ['app.conf', 'page.shtml', 'error.html', 'error.shtml']) {
    await copyFile(join(FOLDER, file), join(folder, file));
  }
  const env = { ...environment, FOLDER: folder, APACHE_MODULES: required('APACHE_MODULES') };
  const options = { env, cwd: folder };
  if (process.getuid() === 0) {
    await chown(folder, NOBODY, NOBODY);
    Object.assign(options, { uid: NOBODY, gid: NOBODY });
  }
  const args = ['-f', join(folder, 'app.conf'), '-D', 'FOREGROUND'];
  return new Apache(folder, new Running('apache', required('APACHE'), args, options));
}

class Apache {
  #folder;
  #process;

  constructor(folder, process) {
    this.#folder = folder;
    this.#process = process;
  }

  get said() {
    return this.#process.said + this.#log();
  }

  #log() {
    try {
      return readFileSync(join(this.#folder, 'error.log'), 'utf8');
    } catch {
      // It has not begun to write yet, or is gone.
      return '';
    }
  }

  ready() {
    return this.#process.ready(() => this.#log().includes('resuming normal operations'));
  }

  async stop() {
    await this.#process.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
