/**
 * Writes connectors/postgres/guard/allowed-functions.ts from the catalogue of the embedded PostgreSQL:
 * `npm run guard:functions`. A unit of review: a new version of PostgreSQL shows in the diff what it brings.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { readOwnFunctions, sortFunctions } from './own-functions.ts';
import { openScratchCluster } from './scratch-cluster.ts';

const FILE = fileURLToPath(
  new URL('../../language/dialects/postgres/guard/allowed-functions.ts', import.meta.url),
);
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
await writeFile(
  FILE,
  `/**
 * PostgreSQL's own functions that a query may call. Written by \`npm run guard:functions\` from the catalogue of
 * PostgreSQL ${rows[0]!.version}; do not edit. What is chosen, and why, says test/support/own-functions.ts.
 */

/** Every overload of these only computes or reads. */
export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(
  \`
${lines(allowed)}
\`
    .trim()
    .split(/\\s+/),
);

/** Not allowed, and callable with one value: so \`(x).name\` and \`t.name\` may be a call. */
export const REFUSED_ATTRIBUTES: ReadonlySet<string> = new Set(
  \`
${lines(refusedAttributes)}
\`
    .trim()
    .split(/\\s+/),
);
`,
);
