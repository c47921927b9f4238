// The interop stage: plays the stories of all client libraries, or of those whose file is named like
// an argument, and shows how each library heard. `./scripts/test interop` has found or installed
// what it needs.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

import { HEAD, table } from './report.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PAGE = join(FOLDER, '../../docs/clients/README.md');
// One core tells a story while the other serves it.
const SIDE_BY_SIDE = 2;

const began = Date.now();
const wanted = process.argv.slice(2);
const all = (await readdir(join(FOLDER, 'stories'))).sort();
const files = all.filter((file) => wanted.every((word) => file.includes(word)));
if (files.length === 0) {
  console.error(`No story is named like that. There are:\n${all.join('\n')}`);
  process.exit(1);
}

// Node 18 has no global crypto. Both the stories and the programs need it.
const { NODE_OPTIONS = '' } = process.env;
process.env.NODE_OPTIONS = `${NODE_OPTIONS} --import=${new URL('old-node.mjs', import.meta.url)}`;
// Everything of the stage lies in one folder, which is gone in the end, however that comes.
const folder = mkdtempSync(join(tmpdir(), 'lanyard-interop-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
for (const name of ['SIGINT', 'SIGTERM']) {
  // The stories stop what they started meanwhile.
  process.once(name, () => setTimeout(process.exit, 2_000, 1));
}
// Apache serves as somebody else, if root plays.
chmodSync(folder, 0o711);
const reports = join(folder, 'reports');
mkdirSync(reports);
process.env.INTEROP_REPORT = reports;
process.env.TMPDIR = folder;

let failed = false;
const stories = run({
  files: files.map((file) => join(FOLDER, 'stories', file)),
  concurrency: SIDE_BY_SIDE,
});
stories.on('test:fail', () => (failed = true));
for await (const text of stories.compose(new spec())) process.stdout.write(text);

const { rows, unplayed } = await table(reports);
console.log(`\nHow each client heard:\n\n${[...HEAD, ...rows].join('\n')}\n`);
for (const { start, because } of unplayed) console.log(`Not played: ${start} ${because}`);

// Of all stories, the page has all rows and no other.
const page = (await readFile(PAGE, 'utf8')).split('\n');
const missing = [...HEAD, ...rows].filter((row) => !page.includes(row));
const beyond = page.slice(page.indexOf(HEAD[1]) + 1).filter(
  (row, number, after) =>
    wanted.length === 0 &&
    after.slice(0, number + 1).every((line) => line.startsWith('| ')) &&
    !rows.includes(row) &&
    !unplayed.some(({ start }) => row.startsWith(start)),
);
for (const row of missing) console.error(`docs/clients/README.md does not say:\n${row}`);
for (const row of beyond) console.error(`docs/clients/README.md says what was not heard:\n${row}`);

const seconds = Math.round((Date.now() - began) / 1000);
const bad = failed || missing.length > 0 || beyond.length > 0;
console.log(`The interop stage ${bad ? 'failed' : 'passed'} in ${seconds} s.`);
process.exitCode = bad ? 1 : 0;
