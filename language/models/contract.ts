/** Compares the columns that a model has now with those that its contract promises. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { FoundModel, ModelColumn } from '../../core/protocol/models.ts';
import { type Column, typeName } from '../../core/protocol/types.ts';
import type { LetNode } from '../frontends/query-tree.ts';

/** The differences between a contract and what there is. */
export interface Drift {
  readonly missing: readonly ModelColumn[];
  readonly retyped: readonly { readonly name: string; readonly promised: string; readonly found: string }[];
  readonly added: readonly ModelColumn[];
}

export function driftOf(contract: readonly ModelColumn[], columns: readonly ModelColumn[]): Drift {
  const found = new Map(columns.map(({ name, type }) => [name, type]));
  const promised = new Set(contract.map(({ name }) => name));
  return {
    missing: contract.filter(({ name }) => !found.has(name)),
    retyped: contract.flatMap(({ name, type }) => {
      const now = found.get(name);
      return now === undefined || now === type ? [] : [{ name, promised: type, found: now }];
    }),
    added: columns.filter(({ name }) => !promised.has(name)),
  };
}

/** Returns a sentence for each promise that is broken. */
export function brokenPromises({ missing, retyped }: Drift): readonly string[] {
  return [
    ...missing.map(({ name, type }) => `the column \`${name}\` (${type}) is gone`),
    ...retyped.map(
      ({ name, promised, found }) => `the column \`${name}\` is ${found} instead of ${promised}`,
    ),
  ];
}

/** Returns warnings of columns that the contract does not name. Throws model-drift for those that it promises in vain. */
export function checkContract(
  model: FoundModel,
  { nameSpan }: LetNode,
  columns: readonly Column[],
): readonly string[] {
  const { name, version, columns: contract } = model;
  if (contract.length === 0) return [];
  const found = columns.map((column) => ({ name: column.name, type: typeName(column.type) }));
  const drift = driftOf(contract, found);
  const broken = brokenPromises(drift);
  if (broken.length > 0) throw drifted(model, broken, nameSpan);
  return drift.added.map(
    (column) =>
      `the model \`${name}\` (version ${version}) has the column \`${column.name}\` (${column.type}), which its contract does not name`,
  );
}

function drifted(
  { name, version, heldAt, brokenSince }: FoundModel,
  broken: readonly string[],
  span: LetNode['nameSpan'],
): QueryError {
  const since = brokenSince === null ? '' : `, and was first seen broken at ${brokenSince}`;
  return new QueryError(
    'model-drift',
    `the model \`${name}\` (version ${version}) does not keep its contract: ${broken.join('; ')}. It last held at ${heldAt}${since}`,
    {
      span,
      model: { name, version },
      hint: `mend its source, or change the model: \`forkline model edit ${name}\`; \`forkline model test ${name}\` checks it`,
    },
  );
}
