// Lanyard itself: the real program in a folder of its own, on embedded stores, with its people, its
// clients, and an administrator's command line.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, required, run, Running } from './processes.mjs';

export class House {
  #program;
  #folder;
  #server;
  #environment;
  issuer;

  /** Starts it; `configuration` is more of lanyard.toml. */
  static async open(configuration = '') {
    const house = new House();
    house.#program = required('LANYARD');
    house.#folder = await mkdtemp(join(tmpdir(), 'lanyard-interop-'));
    house.#environment = {
      PATH: process.env.PATH,
      TMPDIR: house.#folder,
      // The cheapest hash there is: what passwords cost is not what stories are about.
      LANYARD__PASSWORD__MEMORY_KIB: '8',
      LANYARD__PASSWORD__ITERATIONS: '1',
      LANYARD__METRICS__LISTEN: 'off',
    };
    // Somebody else may take the port before the server does.
    for (let tries = 1; ; tries++) {
      try {
        await house.#serve(await freePort(), configuration);
        return house;
      } catch (error) {
        if (tries === 5 || !String(error).includes('is taken')) {
          await house.close();
          throw error;
        }
      }
    }
  }

  async #serve(port, configuration) {
    this.issuer = `http://localhost:${port}`;
    const file = `issuer = "${this.issuer}"\n${configuration}`;
    await writeFile(join(this.#folder, 'lanyard.toml'), file);
    const options = { cwd: this.#folder, env: this.#environment };
    this.#server = new Running('lanyard', this.#program, ['serve'], options);
    await this.#server.ready((said) => said.includes('Lanyard is ready at'));
  }

  get said() {
    return this.#server?.said ?? '';
  }

  /** `lanyard …` beside the running server. */
  command(args, input) {
    return run(this.#program, args, { cwd: this.#folder, env: this.#environment, input });
  }

  async person(username, ...options) {
    const password = `${username} likes long passwords`;
    const args = ['user', 'create', '--username', username, '--password-stdin'];
    await this.command([...args, '--email', `${username}@example.com`, ...options], `${password}\n`);
    return { username, password };
  }

  /** Makes a client of this metadata (RFC 7591); what it is told: its id, and its secret. */
  async client(id, metadata) {
    const args = ['client', 'create', '--id', id, '--from', '-', '--json'];
    return JSON.parse(await this.command(args, JSON.stringify({ client_name: id, ...metadata })));
  }

  /** The live sessions of a person. */
  async sessions({ username }) {
    return JSON.parse(await this.command(['session', 'list', '--user', username, '--json']));
  }

  /** An administrator ends all sessions of a person, on the command line. */
  endSessions({ username }) {
    return this.command(['session', 'end', '--user', username, '--yes']);
  }

  /** A name that no other client or person has. */
  static fresh(name) {
    return `${name.replace(/\W+/g, '-')}-${randomUUID().slice(0, 8)}`;
  }

  async close() {
    await this.#server?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
