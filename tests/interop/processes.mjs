// Child processes: started, waited for, stopped; what they said is shown only if a story fails.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

const PATIENCE = 30_000;
const RUNNING = new Set();

/**
 * Where a part is, as `scripts/test` says in a variable: LANYARD, CHROME, INTEROP_PYTHON (of the
 * virtual environment), INTEROP_RUST (the built program), APACHE, APACHE_MODULES (their folder).
 */
export function required(variable) {
  const { [variable]: path } = process.env;
  if (path && existsSync(path)) return path;
  throw new Error(`${variable} names nothing: ${path}. Run the stage by ./scripts/test interop.`);
}

// A story that is stopped half-way leaves nothing behind.
process.once('exit', () => {
  for (const child of RUNNING) signal(child, 'SIGKILL');
});
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.exit(1));

// Each process leads a group of its own, so that what it starts ends with it.
function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch {
    // It is gone already.
  }
}

/** A process that goes on until it is stopped, and says that it is ready in its own words. */
export class Running {
  #child;
  #gone;
  name;
  said = '';

  constructor(name, command, args, options) {
    this.name = name;
    this.#child = spawn(command, args, {
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    RUNNING.add(this.#child);
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`${command} does not start: ${error.message}`));
      this.#child.once('exit', (code, by) => resolve(`it ended with ${code ?? by}`));
    });
    this.#gone.then(() => RUNNING.delete(this.#child));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.said += text));
    }
  }

  async ready(isReady = (said) => /^ready$/m.test(said)) {
    let gone;
    this.#gone.then((how) => (gone = how));
    try {
      await until(`${this.name} is ready`, async () => gone || isReady(this.said));
    } catch (error) {
      await this.stop();
      gone = error.message;
    }
    if (gone) throw new Error(`${this.name}: ${gone}\n${this.said}`);
    return this;
  }

  async stop() {
    signal(this.#child, 'SIGTERM');
    const patience = setTimeout(() => signal(this.#child, 'SIGKILL'), 5_000);
    await this.#gone;
    clearTimeout(patience);
    signal(this.#child, 'SIGKILL');
  }
}

/** Runs a command to its end; its standard output. */
export function run(command, args, { input = '', ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, timeout: PATIENCE });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`));
    });
    // A command that does not read may be gone already.
    child.stdin.on('error', () => {}).end(input);
  });
}

/** Asks again and again until the answer is true, and gives it back. */
export async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`It never came to be that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that is free, below those that the system hands out by itself. */
export async function freePort() {
  for (;;) {
    const port = 18_000 + Math.floor(Math.random() * 14_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
