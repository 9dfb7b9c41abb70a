/**
 * Checks the licences of what is installed with Forkline, from package-lock.json: each must be one that lets MIT software ship
 * with it. Packages for development are not shipped, and are not looked at. `node scripts/check-licences.mjs [LOCKFILE]`
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ALLOWED = new Set(
  [
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'BlueOak-1.0.0',
    'CC0-1.0',
    'ISC',
    'MIT',
    'PostgreSQL',
  ].concat(['Python-2.0', 'Unlicense', 'Zlib']),
);
const lockFile =
  process.argv[2] ?? join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);

/** `A OR B`: one is enough; `A AND B`: each must do. */
function isAllowed(licence) {
  if (typeof licence !== 'string') return false;
  const plain = licence.replace(/[()]/g, '');
  if (plain.includes(' OR ')) return plain.split(' OR ').some((each) => isAllowed(each));
  return plain.split(' AND ').every((each) => ALLOWED.has(each));
}

const wrong = shipped.filter(([, { license }]) => !isAllowed(license));
for (const [path, { license = 'none that is told' }] of wrong)
  console.error(`${path}: its licence is ${license}; allowed are ${[...ALLOWED].join(', ')}`);
console.error(`licences: ${shipped.length} packages, ${wrong.length} with a licence that is not allowed`);
process.exitCode = wrong.length === 0 && shipped.length > 0 ? 0 : 1;
