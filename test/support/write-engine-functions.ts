/** `npm run engine-functions`: writes workers/dsl/user-sql/sql-functions.ts for the version of the engine that is installed. */
import { writeFileSync } from 'node:fs';
import { openDuckDb } from '../unit/language/run-plan.ts';
import { renderEngineFunctions } from './engine-functions.ts';

const duck = await openDuckDb();
writeFileSync(
  new URL('../../workers/dsl/user-sql/sql-functions.ts', import.meta.url),
  await renderEngineFunctions(duck),
);
duck.closeSync();
