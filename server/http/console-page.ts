/**
 * The console: the page at / and the files that it loads from /console, as `npm run build` made them (build-console.mjs). Files have the
 * hash of their content in their names, so browsers keep them for ever; the page is sent anew each time, with a nonce for the style
 * sheets that the editor makes. The policy lets the page load these files and ask this server, and nothing else.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Request, RequestHandler, Response } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';

const FOLDER = fileURLToPath(new URL('../../console/', import.meta.url));
const FILE = /^[\w-]+\.(js|css)$/;
const KEPT_SECONDS = 31_536_000;
/** The forms that the build made of each file, the smallest first. */
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
];

export const consolePage: RequestHandler = (_, response) => {
  const nonce = randomBytes(16).toString('base64');
  response
    .setHeader('Content-Security-Policy', policyWith(nonce))
    .setHeader('Cache-Control', 'no-store')
    .type('html')
    .send(readPage().replace('{{nonce}}', nonce));
};

export const consoleFile: RequestHandler = (request, response) => {
  const name = String(request.params.file);
  if (!FILE.test(name) || !existsSync(FOLDER + name))
    throw new QueryError('not-found', `the console has no file ${JSON.stringify(name)}`, {
      hint: 'Load the page again: the server may be of a newer version now.',
    });
  sendEncoded(request, response, name);
};

function sendEncoded(request: Request, response: Response, name: string): void {
  const encoding = ENCODINGS.find((one) => request.acceptsEncodings(one.name) !== false);
  response.vary('Accept-Encoding');
  response.type(name.endsWith('.css') ? 'css' : 'js');
  if (encoding !== undefined) response.setHeader('Content-Encoding', encoding.name);
  response.sendFile(name + (encoding?.suffix ?? ''), {
    root: FOLDER,
    immutable: true,
    maxAge: KEPT_SECONDS * 1000,
    cacheControl: true,
  });
}

/** Returns the page as the last build made it, whose files are the ones that are there. Throws not-found where the console was not built, such as in a process that runs the sources. */
function readPage(): string {
  try {
    return readFileSync(`${FOLDER}index.html`, 'utf8');
  } catch {
    throw new QueryError('not-found', 'the console is not built', {
      hint: 'Run `npm run build`; /docs has the API.',
    });
  }
}

function policyWith(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; ');
}
