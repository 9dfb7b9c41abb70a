/** `npm run docs`: writes docs/reference.md. */
import { writeFileSync } from 'node:fs';
import { openDuckDb } from '../unit/language/run-plan.ts';
import { renderReference } from './reference.ts';

const duck = await openDuckDb();
writeFileSync(new URL('../../docs/reference.md', import.meta.url), await renderReference(duck));
duck.closeSync();
