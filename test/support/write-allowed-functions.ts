/**
 * Writes allowed-functions.ts and refused-attributes.ts of the guard from the catalogue of the embedded PostgreSQL:
 * `npm run guard:functions`. A unit of review: a new version of PostgreSQL shows in the diff what it brings.
 */
import { writeFile } from 'node:fs/promises';
import pg from 'pg';
import { readOwnFunctions, sortFunctions } from './own-functions.ts';
import { openScratchCluster } from './scratch-cluster.ts';

const GUARD = new URL('../../language/dialects/postgres/guard/', import.meta.url);
const LINE_CHARACTERS = 108;

function lines(names: readonly string[]): string {
  const found: string[] = [];
  for (const name of names) {
    const last = found.at(-1);
    if (last !== undefined && last.length + 1 + name.length <= LINE_CHARACTERS)
      found[found.length - 1] = `${last} ${name}`;
    else found.push(`  ${name}`);
  }
  return found.join('\n');
}

await using cluster = await openScratchCluster();
const client = new pg.Client({ connectionString: cluster.adminUrl });
await client.connect();
const { allowed, refusedAttributes } = sortFunctions(await readOwnFunctions(client));
const { rows } = await client.query<{ version: string }>(
  "select current_setting('server_version') as version",
);
await client.end();

function table(name: string, says: string, names: readonly string[]): string {
  return `/** ${says} */
export const ${name}: ReadonlySet<string> = new Set(
  \`
${lines(names)}
\`
    .trim()
    .split(/\\s+/),
);
`;
}

await writeFile(
  new URL('allowed-functions.ts', GUARD),
  `/**
 * PostgreSQL's own functions that a query may call. Written by \`npm run guard:functions\` from the catalogue of
 * PostgreSQL ${rows[0]!.version}; do not edit. What is chosen, and why, says test/support/own-functions.ts.
 */

${table('ALLOWED_FUNCTIONS', 'Every overload of these only computes or reads.', allowed)}`,
);
await writeFile(
  new URL('refused-attributes.ts', GUARD),
  `/**
 * PostgreSQL's own functions that may be called as an attribute of a value, and are refused. Written, like those that
 * are allowed (allowed-functions.ts), by \`npm run guard:functions\`; do not edit.
 */

${table('REFUSED_ATTRIBUTES', 'The functions that are not allowed and can be called with one value, so that `(x).name` and `t.name` may be a call.', refusedAttributes)}`,
);
