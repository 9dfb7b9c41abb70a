/** Describes how the columns that a source sends enter the stage engine. */
import type { InputColumn, UnjudgedSource } from '../../core/protocol/plan.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { STAGE_ENGINE } from '../dialects/registry.ts';

/** The source's columns are known: they were narrowed for the stages. */
export function inputColumns(
  dialect: SourceDialect,
  { columns, databaseColumns }: Pick<UnjudgedSource, 'columns' | 'databaseColumns'>,
): readonly InputColumn[] {
  return columns!.map((column, index) =>
    STAGE_ENGINE.inputColumn(column, dialect.wireOf(databaseColumns![index]!)),
  );
}
