/** The calls in the tree of a user's SQL. */
import type { TreeNode } from './sql-tree.ts';

/** Returns the names of all functions, aggregates and operators that are called, in lower case. */
export function functionsIn(tree: TreeNode): ReadonlySet<string> {
  const names = new Set<string>();
  visit(tree, (node) => {
    if (typeof node.function_name === 'string') names.add(node.function_name.toLowerCase());
  });
  return names;
}

/** Tells whether the SQL takes a sample of some rows, which is another one each time. */
export function takesSample(tree: TreeNode): boolean {
  let found = false;
  visit(tree, (node) => {
    if (node.sample !== undefined && node.sample !== null) found = true;
  });
  return found;
}

/** A stack of its own: a chain of UNIONs may be deeper than a recursion could go. */
function visit(tree: TreeNode, look: (node: TreeNode) => void): void {
  const open: unknown[] = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    if (!Array.isArray(node)) look(node as TreeNode);
    open.push(...Object.values(node));
  }
}
