// Client programs. Each is a small app as the readme of its library would have it, and keeps to
// this contract:
//
//   environment  ISSUER, CLIENT_ID, CLIENT_SECRET (if it has one), PORT; what else it takes, it says
//   stdout       a line `ready` once it listens at http://localhost:PORT
//   /            an element #state: `signed in as <preferred_username or sub>` or `signed out`;
//                and #why: the error of the last sign-in, if it was refused
//   /login       begins a sign-in, and comes back to /
//   /silent      the same with prompt=none
//   /logout      begins an RP-initiated logout, and comes back to /
//   /refresh, /introspect
//                where the app does so: what it was answered, as JSON
//
// Cookies ignore ports: each app has cookie names of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { House } from './house.mjs';
import { freePort, required, Running } from './processes.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** A program of the folder `node/`, as `[command, arguments]`. */
export function nodeProgram(file) {
  return [process.execPath, [join(FOLDER, 'node', file)]];
}

/** A program of the folder `python/`, in the virtual environment. */
export function pythonProgram(file) {
  return [required('INTEROP_PYTHON'), [join(FOLDER, 'python', file)]];
}

/** The program of the folder `rust/`, built. */
export function rustProgram() {
  return [required('INTEROP_RUST'), []];
}

/** The version of a crate, as the lock file has it: its first two numbers. */
export function crateVersionOf(name) {
  const list = readFileSync(join(FOLDER, 'rust', 'Cargo.lock'), 'utf8');
  return new RegExp(`name = "${name}"\\nversion = "(\\d+\\.\\d+)`).exec(list)[1];
}

/** The version of a Python package, as the lock file has it: its first two numbers. */
export function pythonVersionOf(name) {
  const list = readFileSync(join(FOLDER, 'python', 'requirements.txt'), 'utf8');
  return new RegExp(`^${name}==(\\d+\\.\\d+)`, 'm').exec(list)[1];
}

/** The version of an installed package: its first two numbers. */
export function versionOf(name) {
  const file = join(FOLDER, 'node_modules', name, 'package.json');
  return /^\d+\.\d+/.exec(JSON.parse(readFileSync(file, 'utf8')).version)[0];
}

/**
 * Makes a client and starts its program.
 *
 * `metadata` is a function of the app's address: what the client is (see `clientOf` in pages.mjs).
 * `environment`, too: what the program is told beside the contract. `register` makes the client in
 * another way, of the same metadata. `start` may be given instead of `program`, for what is no
 * single process: it gets the environment, and gives back what has `said`, `ready()` and `stop()`.
 */
export async function openApp(house, options) {
  const { name, program, start, metadata, register, environment, cwd } = options;
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const about = { ...metadata(url), client_name: name };
  const client = await (register?.(about) ?? house.client(House.fresh(name), about));
  const env = {
    ...process.env,
    ISSUER: house.issuer,
    CLIENT_ID: client.client_id,
    ...(client.client_secret && { CLIENT_SECRET: client.client_secret }),
    PORT: String(port),
    ...environment?.(url),
  };
  const process_ = start ? await start(env) : new Running(name, ...program, { cwd, env });
  await process_.ready();
  return { name, url, client, process: process_ };
}
