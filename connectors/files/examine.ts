/** What `forkline doctor` says of a connection to files: whether its root can be opened, and its tables have files. */
import type { FilesConnection } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Finding } from '../kit/connector.ts';
import { findFiles } from './find-files.ts';
import { LocalTree } from './local-tree.ts';
import { parsePath } from './user-path.ts';

export async function examineFiles({ root, tables }: FilesConnection): Promise<readonly Finding[]> {
  try {
    const tree = new LocalTree(root);
    const findings: Finding[] = [{ level: 'ok', text: `files below ${root}` }];
    for (const [name, table] of Object.entries(tables)) {
      const problem = await problemOf(tree, table);
      if (problem !== null) findings.push({ level: 'problem', text: `table ${name}: ${problem}` });
    }
    return findings;
  } catch (thrown) {
    const { message, details } = QueryError.from(thrown);
    return [{ level: 'problem', text: details.hint === undefined ? message : `${message}; ${details.hint}` }];
  }
}

async function problemOf(
  tree: LocalTree,
  { path, hive }: FilesConnection['tables'][string],
): Promise<string | null> {
  try {
    const [first] = await findFiles(tree, parsePath(path), { hive: hive !== false, atMost: 1 });
    return first === undefined ? `there are no files at ${path}` : null;
  } catch (thrown) {
    return QueryError.from(thrown).message;
  }
}
