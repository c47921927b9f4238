// What the stories found, one row for each client: the table at the end of the stage, which stands
// in docs/clients/README.md as well.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const COLUMNS = [
  ['client', 'client'],
  ['version', 'version'],
  ['does', 'what it plays'],
  ['elsewhere', 'hears of a sign-out elsewhere by'],
  ['admin', 'hears of an administrator by'],
];

/** Notes a row. Those of files that run side by side meet in a folder. */
export async function report(row) {
  const folder = process.env.INTEROP_REPORT;
  if (!folder) return;
  const name = `${row.client} ${row.version}`.replace(/[^\w.]+/g, '-');
  await writeFile(join(folder, `${name}.json`), JSON.stringify(row));
}

/** Notes that what a row of the page says cannot be played here, and why. */
export function reportUnplayed({ client, version, because }) {
  return report({ client, version, because });
}

/** All rows, as lines of a table in Markdown; and the beginnings of those that were not played. */
export async function table(folder) {
  const files = (await readdir(folder)).sort();
  const read = async (file) => JSON.parse(await readFile(join(folder, file), 'utf8'));
  const rows = await Promise.all(files.map(read));
  const played = rows.filter(({ because }) => !because);
  return {
    rows: played.map((row) => line(COLUMNS.map(([key]) => row[key]))),
    unplayed: rows
      .filter(({ because }) => because)
      .map(({ client, version, because }) => ({ start: `| ${client} | ${version} |`, because })),
  };
}

export const HEAD = [line(COLUMNS.map(([, title]) => title)), `|${'---|'.repeat(COLUMNS.length)}`];

function line(cells) {
  return `| ${cells.join(' | ')} |`;
}
