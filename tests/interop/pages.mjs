// The pages of docs/clients/, which show what is played. A page has blocks of code under comments:
//
//   <!-- client: NAME -->       the metadata of a client, in JSON, as `lanyard client create --from`
//                               takes it; stories make their clients of it
//   <!-- settings: FILE -->     what stands in that file of tests/interop/ between a line with
//                               <settings> and one with </settings>, but for empty lines at the
//                               end; a story compares the two.
//                               FILE#NAME is what stands there after <settings: NAME>
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PAGES = join(FOLDER, '../../docs/clients');
const BLOCK = /<!-- (client|settings): (\S+) -->\n+```\w*\n([\s\S]*?)```\n/g;
/** In pages, where an app is. */
const EXAMPLE = 'https://app.example.com';

/** All blocks of a page. */
export function blocks(page) {
  const text = readFileSync(join(PAGES, `${page}.md`), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, kind, name, code]) => ({ kind, name, code }));
}

/** All pages but the table. */
export function pages() {
  const names = readdirSync(PAGES).filter((file) => file !== 'README.md');
  return names.map((file) => file.replace(/\.md$/, ''));
}

/** The metadata of a client as its page has it, as a function of the app's address. */
export function clientOf(page, name) {
  const block = blocks(page).find((it) => it.kind === 'client' && it.name === name);
  if (!block) throw new Error(`docs/clients/${page}.md has no block <!-- client: ${name} -->.`);
  return (url) => JSON.parse(block.code.replaceAll(EXAMPLE, url));
}

/** What a program has between its marks, as it stands in a page: without what all lines begin with. */
export function settingsOf(name) {
  const [file, part] = name.split('#');
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const mark = part ? `<settings: ${part}>` : '<settings>';
  const found = new RegExp(`${mark}.*\\n([\\s\\S]*?\\n)\\n*.*</settings>`).exec(text);
  if (!found) throw new Error(`tests/interop/${file} has no ${mark}.`);
  const lines = found[1].split('\n');
  const depth = Math.min(...lines.filter(Boolean).map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(depth)).join('\n');
}
