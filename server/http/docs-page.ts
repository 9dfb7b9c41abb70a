/**
 * The page at /docs with its style and script: files without dependencies, read once. build.mjs copies them beside this
 * module. The page's Content-Security-Policy allows it to load these two and to ask this server, and nothing else.
 */
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const docsPage: RequestHandler = (request, response) => {
  // The page loads its files by relative paths, which do not work with a slash at the end of its own path.
  if (request.path.endsWith('/')) response.redirect('../docs');
  else response.setHeader('Content-Security-Policy', PAGE_POLICY).type('html').send(page);
};

export const docsStyle: RequestHandler = (_, response) => void response.type('css').send(style);
export const docsScript: RequestHandler = (_, response) => void response.type('js').send(script);

const page = read('docs.html');
const style = read('docs.css');
const script = read('docs.js');

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
