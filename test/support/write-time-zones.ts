/**
 * `npm run time-zones`: writes language/types/time-zones.ts, the names of IANA's that the installed engine knows. What its
 * library adds of its own (`SystemV/EST5`, abbreviations of Java's such as `JST`) is left out: no database knows it.
 */
import { writeFileSync } from 'node:fs';
import { openDuckDb } from '../unit/language/run-plan.ts';
import { wrapped } from './engine-functions.ts';

const ABBREVIATION = /^[A-Z]{3}$/;
/** Names of three letters that are IANA's. */
const SHORT_NAMES = new Set([
  'CET',
  'EET',
  'EST',
  'GMT',
  'HST',
  'MET',
  'MST',
  'PRC',
  'ROC',
  'ROK',
  'UCT',
  'UTC',
  'WET',
]);
const OF_THE_LIBRARY = /^SystemV\/|^US\/Pacific-New$|^Canada\/East-Saskatchewan$/;

const HEAD = `/** The names of time zones of IANA's that the stage engine knows. Written by \`npm run time-zones\`. */

export const TIME_ZONES: ReadonlySet<string> = new Set(
  \`
`;

const duck = await openDuckDb();
const reader = await duck.runAndReadAll('SELECT name FROM pg_timezone_names() ORDER BY name');
duck.closeSync();
const names = reader
  .getRows()
  .map(([name]) => String(name))
  .filter((name) => !OF_THE_LIBRARY.test(name) && (!ABBREVIATION.test(name) || SHORT_NAMES.has(name)));
writeFileSync(
  new URL('../../language/types/time-zones.ts', import.meta.url),
  `${HEAD}${wrapped(names)}\n\`\n    .trim()\n    .split(/\\s+/),\n);\n`,
);
