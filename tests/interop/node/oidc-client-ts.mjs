// Serves an app that lives in the browser alone: one page, its script, and oidc-client-ts.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import express from 'express';

const { ISSUER, CLIENT_ID, PORT } = process.env;
// `MONITOR=on` asks Lanyard's frame instead of renewing.
const settings = { ISSUER, CLIENT_ID, MONITOR: process.env.MONITOR === 'on' };

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const LIBRARY = '../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js';
const page = await readFile(join(FOLDER, 'oidc-client-ts/page.html'), 'utf8');

const app = express();
app.get('/settings.json', (req, res) => res.json(settings));
app.get('/app.js', (req, res) => res.sendFile(join(FOLDER, 'oidc-client-ts/app.js')));
app.get('/oidc-client-ts.js', (req, res) => res.sendFile(join(FOLDER, LIBRARY)));
app.get(['/', '/login', '/silent', '/callback', '/renewed', '/logout'], (req, res) => {
  res.type('html').send(page);
});
app.listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
