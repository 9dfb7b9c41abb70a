/** The columns that a table has by the names of its directories, with types that all of its directories agree with. */

import type { FilesTable } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { FileTree } from './file-tree.ts';
import type { FoundFile } from './find-files.ts';
import { MAX_PARTITION_LEVELS, type PartitionType, partitionOf } from './hive.ts';
import { listingOf } from './listing.ts';

export interface PartitionColumn {
  readonly key: string;
  readonly type: PartitionType;
}

const DECLARED: Readonly<Record<string, PartitionType>> = {
  int64: 'BIGINT',
  date: 'DATE',
  string: 'VARCHAR',
};

/** `first`: any file of the table. */
export async function partitionColumns(
  tree: FileTree,
  first: FoundFile,
  hive: FilesTable['hive'],
): Promise<readonly PartitionColumn[]> {
  if (hive === false) return [];
  const keys = first.partitions.map(({ key }) => key);
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length)
    throw new QueryError('bad-file', `${first.path}: two of its directories have the same name before the =`);
  if (keys.length > MAX_PARTITION_LEVELS)
    throw new QueryError(
      'bad-file',
      `${first.path} has more than ${MAX_PARTITION_LEVELS} directories name=value`,
    );
  const declared = keys.map((key) => declaredType(key, hive));
  const open = declared.some((type) => type === null);
  const shown = open ? await shownTypes(tree, first) : [];
  return keys.map((key, level) => ({ key, type: declared[level] ?? shown[level]! }));
}

function declaredType(key: string, hive: FilesTable['hive']): PartitionType | null {
  if (typeof hive !== 'object' || !Object.hasOwn(hive, key)) return null;
  const type = DECLARED[hive[key]!];
  if (type !== undefined) return type;
  throw new QueryError('unsupported', `the partition ${key} cannot be ${hive[key]}`, {
    hint: 'a partition is int64, date or string; cast it in the SQL to another type',
  });
}

/** The types of each level, from all directories there. */
async function shownTypes(
  tree: FileTree,
  { path, partitions }: FoundFile,
): Promise<readonly PartitionType[]> {
  const names = path.split('/');
  const above = names.findIndex((name) => partitionOf(name) !== null);
  const types: Set<PartitionType>[] = partitions.map(() => new Set());
  let directories = [names.slice(0, above).join('/')];
  for (let level = 0; level < partitions.length; level++) {
    const below: string[] = [];
    for (const directory of directories) tree.expect?.(directory);
    for (const directory of directories) {
      const entries = tree.entries(directory);
      const listing = listingOf((entries instanceof Promise ? await entries : entries) ?? []);
      if (listing.partitionType !== null) types[level]!.add(listing.partitionType);
      if (level + 1 < partitions.length)
        for (const { name, partition } of listing.directories)
          if (partition !== null) below.push(directory === '' ? name : `${directory}/${name}`);
    }
    directories = below;
  }
  return types.map(common);
}

function common(types: ReadonlySet<PartitionType>): PartitionType {
  const [only, ...others] = types;
  return only === undefined || others.length > 0 ? 'VARCHAR' : only;
}
