// The pages say what is played.
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';

import { blocks, pages, settingsOf } from '../pages.mjs';

for (const page of pages()) {
  test(`docs/clients/${page}.md shows the settings that are played`, () => {
    const settings = blocks(page).filter(({ kind }) => kind === 'settings');
    ok(settings.length > 0, 'a page without settings');
    for (const { name, code } of settings) equal(code, settingsOf(name), name);
  });
}
