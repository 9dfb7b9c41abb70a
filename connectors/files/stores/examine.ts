/** What `forkline doctor` says of a connection to files: whether its root can be opened, and its tables have files. */
import type { FilesConnection } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Finding } from '../../kit/connector.ts';
import type { FileTree } from '../file-tree.ts';
import { findFiles } from '../find-files.ts';
import { LocalTree } from '../local-tree.ts';
import { parsePath } from '../user-path.ts';

/** The longest time for the answers of a store. */
const STORE_MS = 60_000;

export async function examineFiles(connection: FilesConnection): Promise<readonly Finding[]> {
  const { root, store: config } = connection;
  try {
    if (config === undefined) return await examineTree(connection, new LocalTree(root));
    const { openStore } = await import('./open-store.ts');
    const { RemoteTree } = await import('./remote-tree.ts');
    const store = openStore(config);
    try {
      const tree = new RemoteTree({
        ...{ store, signal: AbortSignal.timeout(STORE_MS) },
        engineFile: ({ path }) => path, // no engine reads what is found
      });
      // Web servers list nothing: whether they answer shows with the first table.
      if (config.kind !== 'web') await tree.entries('');
      return await examineTree(connection, tree);
    } finally {
      store.close();
    }
  } catch (thrown) {
    const { message, details } = QueryError.from(thrown);
    return [{ level: 'problem', text: details.hint === undefined ? message : `${message}; ${details.hint}` }];
  }
}

async function examineTree({ root, tables }: FilesConnection, tree: FileTree): Promise<readonly Finding[]> {
  const findings: Finding[] = [{ level: 'ok', text: `files below ${root}` }];
  for (const [name, table] of Object.entries(tables)) {
    const problem = await problemOf(tree, table);
    if (problem !== null) findings.push({ level: 'problem', text: `table ${name}: ${problem}` });
  }
  return findings;
}

async function problemOf(
  tree: FileTree,
  { path, hive }: FilesConnection['tables'][string],
): Promise<string | null> {
  try {
    const [first] = await findFiles(tree, parsePath(path), { hive: hive !== false, atMost: 1 });
    return first === undefined ? `there are no files at ${path}` : null;
  } catch (thrown) {
    return QueryError.from(thrown).message;
  }
}
