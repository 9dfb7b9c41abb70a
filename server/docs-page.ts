/** The page at /docs: one file without dependencies, read once. build.mjs copies it beside this module. */
import { readFileSync } from 'node:fs';

export const docsPage = readFileSync(new URL('./docs.html', import.meta.url), 'utf8');
