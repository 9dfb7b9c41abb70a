/**
 * Changes of models: each is a version with author and reason, all of a call are one transaction, and whoever changes
 * anything waits for whoever does so already, so that what was checked still holds at the end.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import { modelKey } from '../../core/protocol/models.ts';
import { type Authorship, checkExpected, type Expected, lockState, noteChange } from '../store/revisions.ts';
import type { Transaction } from '../store/store.ts';
import type { PlannedModel } from './model-rows.ts';

export interface Saved {
  readonly key: string;
  readonly version: number;
  readonly changed: boolean;
}

interface Current {
  readonly version: number;
  /** The highest version there ever was. */
  readonly last: number;
  readonly same: boolean;
}

async function currentOf({ rows }: Transaction, planned: PlannedModel): Promise<Current> {
  const { definition, text, columns, buildsOn, sources } = planned;
  const [found] = await rows<{ version: number | null; last: number | null; same: boolean | null }>({
    text: `select m.version,
             (select max(v.version) from model_version v where v.key = $1) as last,
             m.definition = $2::jsonb and m.text = $3 and m.columns = $4::jsonb
               and m.builds_on = $5::text[] and m.sources = $6::jsonb as same
           from (select 1) one left join model m on m.key = $1`,
    values: [
      ...[modelKey(definition.name), JSON.stringify(definition), text, JSON.stringify(columns)],
      ...[[...buildsOn].sort(), JSON.stringify(sources)],
    ],
  });
  return { version: found!.version ?? 0, last: found!.last ?? 0, same: found!.same ?? false };
}

/** Saves a model as a new version, or leaves it alone where nothing differs. Throws version-*, model-cycle, bad-model. */
export async function saveModel(
  transaction: Transaction,
  planned: PlannedModel,
  expected: Expected,
  authorship: Authorship,
): Promise<Saved> {
  const key = modelKey(planned.definition.name);
  const revision = await lockState(transaction);
  const { version: before, last, same } = await currentOf(transaction, planned);
  checkExpected(`the model \`${planned.definition.name}\``, expected, before);
  if (same) return { key, version: before, changed: false };
  await checkBase(transaction, key, planned);
  const version = last + 1;
  await writeVersion(transaction, key, version, planned, authorship);
  await noteChange(transaction, revision, key);
  return { key, version, changed: true };
}

/** The models that it builds on must be there, and none of them may read it. */
async function checkBase(
  { rows }: Transaction,
  key: string,
  { buildsOn, definition }: PlannedModel,
): Promise<void> {
  if (buildsOn.length === 0) return;
  const steps = await rows<{ key: string; builds_on: readonly string[] | null }>({
    text: `with recursive needed(key) as (
             select unnest($1::text[])
             union select unnest(m.builds_on) from needed n join model m on m.key = n.key and m.key <> $2
           )
           select n.key, m.builds_on from needed n left join model m on m.key = n.key`,
    values: [buildsOn, key],
  });
  const bases = new Map(steps.map((step) => [step.key, step.builds_on]));
  const path = pathTo(key, buildsOn, bases);
  if (path !== null)
    throw new QueryError(
      'model-cycle',
      `models would read each other in a circle: ${[key, ...path].join(' -> ')}`,
      {
        hint: 'a model may not read itself, by whatever way: take one of these steps out',
      },
    );
  const gone = buildsOn.find((base) => bases.get(base) === null);
  if (gone !== undefined)
    throw new QueryError(
      'bad-model',
      `the model \`${definition.name}\` reads \`${gone}\`, which is no model any more`,
    );
}

/** Returns the steps from one of `from` to `key`; null when none leads there. */
function pathTo(
  key: string,
  from: readonly string[],
  bases: ReadonlyMap<string, readonly string[] | null>,
): readonly string[] | null {
  const seen = new Set<string>();
  const visit = (at: string): readonly string[] | null => {
    if (at === key) return [at];
    if (seen.has(at)) return null;
    seen.add(at);
    for (const base of bases.get(at) ?? []) {
      const found = visit(base);
      if (found !== null) return [at, ...found];
    }
    return null;
  };
  for (const each of from) {
    const found = visit(each);
    if (found !== null) return found;
  }
  return null;
}

async function writeVersion(
  { rows }: Transaction,
  key: string,
  version: number,
  { definition, text, columns, buildsOn, sources }: PlannedModel,
  { author, reason }: Authorship,
): Promise<void> {
  const { name, owner, description, tags } = definition;
  await rows({
    text: `with noted as (
             insert into model_version (key, version, name, definition, text, columns, builds_on, sources, author, reason)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           )
           insert into model (key, version, name, definition, text, columns, builds_on, sources, owner, description, tags)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $11, $12, $13)
           on conflict (key) do update set
             version = excluded.version, name = excluded.name, definition = excluded.definition, text = excluded.text,
             columns = excluded.columns, builds_on = excluded.builds_on, sources = excluded.sources,
             owner = excluded.owner, description = excluded.description, tags = excluded.tags,
             changed_at = now(), held_at = now(), broken_since = null, broken = null`,
    values: [
      ...[
        key,
        version,
        name,
        JSON.stringify(definition),
        text,
        JSON.stringify(columns),
        [...buildsOn].sort(),
      ],
      ...[JSON.stringify(sources), author, reason, owner, description, tags],
    ],
  });
}

/** Removes a model; its versions stay. Throws version-*, not-found, bad-model where others read it. */
export async function removeModel(
  transaction: Transaction,
  name: string,
  expected: Expected,
  { author, reason }: Authorship,
): Promise<void> {
  const key = modelKey(name);
  const { rows } = transaction;
  const revision = await lockState(transaction);
  const [found] = await rows<{ version: number; readers: readonly string[] | null }>({
    text: `select version, (select array_agg(r.name order by r.name) from model r where r.builds_on @> array[$1::text]) as readers
           from model where key = $1`,
    values: [key],
  });
  if (found === undefined) throw noModel(name);
  checkExpected(`the model \`${name}\``, expected, found.version);
  if (found.readers !== null)
    throw new QueryError('bad-model', `other models read \`${name}\`: ${found.readers.join(', ')}`, {
      hint: 'change or remove those first',
    });
  await rows({ text: 'delete from model where key = $1', values: [key] });
  await rows({
    text: `insert into model_version (key, version, name, author, reason)
           select $1, max(version) + 1, $2, $3, $4 from model_version where key = $1`,
    values: [key, name, author, reason],
  });
  await noteChange(transaction, revision, key);
}

export function noModel(name: string, suggestions: readonly string[] = []): QueryError {
  return new QueryError('not-found', `there is no model \`${name.slice(0, 100)}\``, {
    hint: suggestions.length > 0 ? `did you mean ${suggestions.join(', ')}?` : 'GET /v1/models lists them',
    suggestions,
  });
}
