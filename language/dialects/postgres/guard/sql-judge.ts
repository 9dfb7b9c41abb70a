/** PostgreSQL's judge: its own grammar, loaded when it is first needed. */
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { SqlJudge } from '../../judge.ts';
import { isGrammarLoaded, loadGrammar } from './grammar.ts';
import { judgeSql } from './judge.ts';
import { namesIn } from './sql-names.ts';

export const POSTGRES_JUDGE: SqlJudge = {
  guard: "PostgreSQL's own grammar, then READ ONLY transactions and the role's rights",
  isReady: isGrammarLoaded,
  load: loadGrammar,
  judge: judgeSql,
  namesIn,
  refuseStages: () =>
    new QueryError('unsupported', 'SHOW and EXPLAIN cannot feed stages', {
      hint: 'Stages work on the rows of a SELECT, WITH, VALUES or TABLE. Without stages it runs.',
      sqlPosition: 1,
    }),
};
