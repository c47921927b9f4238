// What the stories found, one row for each client: the table at the end of the stage, which stands
// in docs/clients/README.md as well.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const COLUMNS = [
  ['client', 'client'],
  ['version', 'version'],
  ['does', 'what it plays'],
  ['elsewhere', 'hears of a sign-out elsewhere by'],
  ['admin', 'hears of an administrator by'],
];

/** Notes a row. Rows of files that run side by side meet in a folder. */
export async function report(row) {
  const folder = process.env.INTEROP_REPORT;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${row.client.replace(/\W+/g, '-')}.json`), JSON.stringify(row));
}

/** All rows, as the lines of a table in Markdown. */
export async function table(folder) {
  const files = (await readdir(folder).catch(() => [])).sort();
  const rows = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'))),
  );
  return rows.map((row) => line(COLUMNS.map(([key]) => row[key])));
}

export const HEAD = [line(COLUMNS.map(([, title]) => title)), `|${'---|'.repeat(COLUMNS.length)}`];

function line(cells) {
  return `| ${cells.join(' | ')} |`;
}
