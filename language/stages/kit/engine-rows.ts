/**
 * A SELECT of the stage engine's that the compiler made, over the rows so far (`input`) and those of further queries (`source1`, ...): for
 * front ends of languages whose commands no stage of ours says. No text can name it, and no SQL of a user's is in it.
 */

import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { STAGE_ENGINE } from '../../dialects/registry.ts';
import type { EngineStep } from '../../frontends/legacy/command.ts';
import { ROW } from '../../frontends/legacy/engine-text.ts';
import type { ResolvedStage } from '../../resolve/graph.ts';
import { refuseDuplicates, type Scope } from '../../resolve/scope.ts';
import type { StageDefinition } from './stage.ts';

type Syntax = EngineStep;

interface Resolved extends ResolvedStage {
  readonly input: readonly Column[];
  readonly sides: readonly (readonly Column[])[];
  readonly step: EngineStep;
}

const PLACE: Column = { name: ROW, type: { kind: 'int64' } };

function describe(
  { sql }: EngineStep,
  input: Scope,
  sides: readonly (readonly Column[])[],
): readonly Column[] {
  const engineColumns = (columns: readonly Column[]): readonly { name: string; engineType: string }[] =>
    columns.map(({ name, type }) => ({ name, engineType: STAGE_ENGINE.typeName(type) }));
  const relations = [
    { name: 'input', columns: engineColumns([...input.columns, PLACE]) },
    ...sides.map((columns, index) => ({ name: `source${index + 1}`, columns: engineColumns(columns) })),
  ];
  const { stage } = input;
  const described = input.answers.engine({ sql, hasUserSql: false, segments: [], relations, stage });
  return described.map(({ name, engineType }) => {
    const type = STAGE_ENGINE.typeOf(engineType);
    if (type !== null) return { name, type };
    throw new QueryError('unsupported', `\`${name}\` is ${engineType}, which answers do not carry`);
  });
}

export const ENGINE_ROWS: StageDefinition<Syntax, Resolved> = {
  name: 'engine-rows',
  aliases: [],
  docs: { syntax: '', summary: '', examples: [] },
  parse: () => {
    throw new Error('the compiler makes this stage');
  },
  resolve(step, input, span, sides) {
    const described = describe(step, input, sides);
    const columns = step.ordered ? described.slice(0, -1) : described;
    refuseDuplicates(
      columns,
      () => span,
      () => 'give one of them another name',
    );
    const dependsOnData = step.dependsOnData === true;
    return { columns, input: input.columns, sides, step, dependsOnData };
  },
  columnsUsed: ({ input }) => new Set(input.map(({ name }) => name)),
  sourcesUsed: ({ sides }) => sides.map((columns) => new Set(columns.map(({ name }) => name))),
  emit({ columns, input, sides, step }, relation, sources) {
    const all = step.ordered ? [...columns, PLACE] : columns;
    const quote = (name: string): string => STAGE_ENGINE.quoteName(name);
    const casts = all.map(
      ({ name, type }, index) => `CAST(c${index} AS ${STAGE_ENGINE.typeName(type)}) AS ${quote(name)}`,
    );
    const names = all.map((_, index) => `c${index}`).join(', ');
    const keys = step.ordered ? [{ column: ROW, descending: false, nullsFirst: false }] : [];
    const given = [...input, PLACE].map(({ name }) => quote(name)).join(', ');
    const made = relation.number(ROW).throughAll(sources, all, keys, (rows, others) => {
      const beside = others.map((other, index) => {
        const columnsOf = sides[index]!.map(({ name }) => quote(name)).join(', ');
        return `, source${index + 1} AS NOT MATERIALIZED (SELECT ${columnsOf} FROM ${other})`;
      });
      const select = `SELECT ${casts.join(', ')}\nFROM (\n${step.sql}\n) AS written(${names})`;
      return `WITH input AS NOT MATERIALIZED (SELECT ${given} FROM ${rows})${beside.join('')}\n${select}`;
    });
    return made.project(columns.map(({ name }) => ({ name, as: name })));
  },
  exactIn: () => ({
    exact: false,
    why: `it is ${STAGE_ENGINE.title}'s SQL, made of a command of the legacy language`,
  }),
};
