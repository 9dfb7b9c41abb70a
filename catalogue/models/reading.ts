/** What is read of models besides looking them up for queries: lists, versions, and who reads whom. One statement each. */
import type { ModelColumn } from '../../core/protocol/models.ts';
import type { Row, Store } from '../store/store.ts';
import type { ModelDefinition } from './definition.ts';
import { LOOKED_UP, type ModelRow, type ModelSource, type StoredModel, storedModel } from './model-rows.ts';

export interface ListOptions {
  /** The beginning of the name. */
  readonly prefix: string | null;
  readonly tag: string | null;
  readonly owner: string | null;
  /** Words that name or description have. */
  readonly search: string | null;
  /** The key after which the page begins. */
  readonly after: string | null;
  readonly limit: number;
  /** Only models that read these connections and no others; null or left out: all. */
  readonly connections?: readonly string[] | null;
}

export interface ModelSummary {
  readonly name: string;
  readonly version: number;
  readonly owner: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly changedAt: string;
  readonly brokenSince: string | null;
}

interface SummaryRow extends Row {
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly owner: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly changed_at: Date;
  readonly broken_since: Date | null;
}

export interface ModelPage {
  readonly models: readonly ModelSummary[];
  /** The `after` of the next page; null: this is the last. */
  readonly next: string | null;
}

export interface ModelVersion {
  readonly version: number;
  readonly author: string;
  readonly reason: string;
  readonly at: string;
  readonly removed: boolean;
}

/** The definition as it was in a version. */
export interface PastModel {
  readonly version: number;
  readonly definition: ModelDefinition | null;
  readonly columns: readonly ModelColumn[] | null;
}

export interface ModelUses {
  /** The models that it reads itself, and all that those read. */
  readonly reads: readonly { readonly name: string; readonly direct: boolean }[];
  /** The models that read it, and all that read those. */
  readonly readBy: readonly { readonly name: string; readonly direct: boolean }[];
  /** The SQL of the model itself and of all models that it reads. */
  readonly sources: readonly (ModelSource & { readonly model: string })[];
}

export class ModelReading {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async list(options: ListOptions): Promise<ModelPage> {
    const { prefix, tag, owner, search, after, limit, connections = null } = options;
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const conditions = [
      ...(after === null ? [] : [`key > ${bind(after)}`]),
      ...(prefix === null ? [] : [`key like ${bind(`${likeText(prefix.toLowerCase())}%`)}`]),
      ...(tag === null ? [] : [`tags @> array[${bind(tag)}::text]`]),
      ...(owner === null ? [] : [`owner = ${bind(owner)}`]),
      ...(search === null ? [] : [`search @@ websearch_to_tsquery('simple', ${bind(search)})`]),
      ...(connections === null
        ? []
        : [
            `not exists (select from jsonb_array_elements(sources) s where s->>'connection' <> all(${bind(connections)}::text[]))`,
          ]),
    ];
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    const rows = await this.#store.rows<SummaryRow>({
      text: `select key, name, version, owner, description, tags, changed_at, broken_since
             from model ${where} order by key limit ${bind(limit + 1)}`,
      values,
    });
    const page = rows.slice(0, limit);
    return { models: page.map(summary), next: rows.length > limit ? page.at(-1)!.key : null };
  }

  async show(key: string): Promise<StoredModel | null> {
    const [row] = await this.#store.rows<ModelRow>({
      text: `select ${LOOKED_UP} from model m where m.key = $1`,
      values: [key],
    });
    return row === undefined ? null : storedModel(row);
  }

  /** Returns all models of these keys, or of all keys, whole. */
  async whole(keys: readonly string[] | null): Promise<readonly StoredModel[]> {
    const rows = await this.#store.rows<ModelRow>({
      text: `select ${LOOKED_UP} from model m where $1::text[] is null or m.key = any($1) order by m.key`,
      values: [keys],
    });
    return rows.map(storedModel);
  }

  /** Returns the first models that say how often their answers are made anew, by name. */
  async refreshed(limit: number): Promise<readonly StoredModel[]> {
    const rows = await this.#store.rows<ModelRow>({
      text: `select ${LOOKED_UP} from model m where m.definition -> 'cache' ->> 'refresh' is not null
             order by m.key limit $1`,
      values: [limit],
    });
    return rows.map(storedModel);
  }

  /** Returns the next models behind `after` whose contract was not seen to hold since then, by name. */
  async unchecked(since: Date, after: string, limit: number): Promise<readonly StoredModel[]> {
    const rows = await this.#store.rows<ModelRow>({
      text: `select ${LOOKED_UP} from model m where m.key > $2 and (m.held_at < $1 or m.broken_since is not null)
             order by m.key limit $3`,
      values: [since, after, limit],
    });
    return rows.map(storedModel);
  }

  /** Returns the first published models, by name. */
  async published(limit: number): Promise<readonly StoredModel[]> {
    const rows = await this.#store.rows<ModelRow>({
      text: `select ${LOOKED_UP} from model m where m.published order by m.key limit $1`,
      values: [limit],
    });
    return rows.map(storedModel);
  }

  async versions(key: string): Promise<readonly ModelVersion[]> {
    const rows = await this.#store.rows<
      Row & { version: number; author: string; reason: string; at: Date; removed: boolean }
    >({
      text: `select version, author, reason, at, definition is null as removed
             from model_version where key = $1 order by version desc`,
      values: [key],
    });
    return rows.map(({ version, author, reason, at, removed }) => ({
      ...{ version, author, reason, at: at.toISOString(), removed },
    }));
  }

  async version(key: string, version: number): Promise<PastModel | null> {
    const [row] = await this.#store.rows<
      Row & { definition: ModelDefinition | null; columns: readonly ModelColumn[] | null }
    >({
      text: 'select definition, columns from model_version where key = $1 and version = $2',
      values: [key, version],
    });
    return row === undefined ? null : { version, definition: row.definition, columns: row.columns };
  }

  /** Returns null when there is no such model. */
  async uses(key: string): Promise<ModelUses | null> {
    const rows = await this.#store.rows<
      Row & {
        way: 'self' | 'reads' | 'read by';
        name: string;
        direct: boolean;
        sources: readonly ModelSource[];
      }
    >({
      text: `
        with recursive below(key, depth) as (
          select unnest(builds_on), 1 from model where key = $1
          union select unnest(m.builds_on), 2 from below b join model m on m.key = b.key
        ), above(key, depth) as (
          select key, 1 from model where builds_on @> array[$1::text]
          union select m.key, 2 from above a join model m on m.builds_on @> array[a.key]
        )
        select 'self' as way, m.name, true as direct, m.sources from model m where m.key = $1
        union all
        select 'reads', m.name, min(b.depth) = 1, m.sources from below b join model m on m.key = b.key
        where m.key <> $1 group by m.key
        union all
        select 'read by', m.name, min(a.depth) = 1, null from above a join model m on m.key = a.key group by m.key
        order by 1, 2`,
      values: [key],
    });
    if (!rows.some(({ way }) => way === 'self')) return null;
    const of = (wanted: string) =>
      rows.filter(({ way }) => way === wanted).map(({ name, direct }) => ({ name, direct }));
    const sources = rows
      .filter(({ way }) => way !== 'read by')
      .flatMap(({ name, sources: own }) => own.map((source) => ({ model: name, ...source })));
    return { reads: of('reads'), readBy: of('read by'), sources };
  }

  /** Returns names that look like this one. */
  async near(key: string): Promise<readonly string[]> {
    const rows = await this.#store.rows<Row & { name: string }>({
      text: `select name from model where key like $1 or search @@ plainto_tsquery('simple', translate($2, '_-', '  '))
             order by key limit 3`,
      values: [`${likeText(key.slice(0, 4))}%`, key],
    });
    return rows.map(({ name }) => name);
  }
}

function summary(row: SummaryRow): ModelSummary {
  const { name, version, owner, description, tags } = row;
  return {
    ...{ name, version, owner, description, tags, changedAt: row.changed_at.toISOString() },
    brokenSince: row.broken_since?.toISOString() ?? null,
  };
}

/** Returns the text with the characters that mean something to LIKE escaped. */
function likeText(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
