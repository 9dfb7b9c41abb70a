/**
 * Finds the files that a path stands for. Directories whose partitions no row can be wanted of are not even opened, so that
 * one day of many years costs a few directories, not all.
 */
import { setImmediate } from 'node:timers/promises';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Entry, FileTree } from './file-tree.ts';
import { formatOfName } from './formats.ts';
import { type Partition, partitionOf, refuseAmbiguous } from './hive.ts';
import type { PathPattern } from './user-path.ts';

export interface FoundFile {
  /** The path below the root. */
  readonly path: string;
  /** The partitions of the directories above, from the root on. */
  readonly partitions: readonly Partition[];
}

export interface FindOptions {
  /** Whether directories `name=value` are columns. */
  readonly hive: boolean;
  /** Says whether rows of these partitions may be wanted; deeper ones are not known yet. */
  readonly wanted?: (partitions: readonly Partition[]) => boolean;
  /** Throws when the search shall end. */
  readonly check?: () => void;
  /** Ends the search after so many files. */
  readonly atMost?: number;
}

/** The most files that one table may have in one query. */
const MAX_FILES = 100_000;
const MAX_DEPTH = 64;
/** Directories that a tree is told of before they are read. */
const EXPECTED = 64;
/** Directories that are read before others get their turn. */
const TURN = 256;

export async function findFiles(
  tree: FileTree,
  pattern: PathPattern,
  options: FindOptions,
): Promise<readonly FoundFile[]> {
  const search = new Search(tree, options);
  await search.run(pattern);
  return search.found;
}

interface Step {
  readonly directory: string;
  readonly rest: PathPattern;
  readonly partitions: readonly Partition[];
  readonly depth: number;
}

class Search {
  readonly found: FoundFile[] = [];
  readonly #tree: FileTree;
  readonly #options: FindOptions;
  readonly #open: Step[] = [];

  constructor(tree: FileTree, options: FindOptions) {
    this.#tree = tree;
    this.#options = options;
  }

  async run(pattern: PathPattern): Promise<void> {
    const { check, atMost = Number.POSITIVE_INFINITY } = this.#options;
    this.#open.push({ directory: '', rest: pattern, partitions: [], depth: 0 });
    for (let count = 1; this.#open.length > 0 && this.found.length < atMost; count++) {
      await this.#visit(this.#open.pop()!);
      if (count % TURN !== 0) continue;
      await setImmediate();
      check?.();
    }
  }

  async #visit(step: Step): Promise<void> {
    const { directory, rest, depth } = step;
    const [segment, ...after] = rest;
    if (depth > MAX_DEPTH)
      throw new QueryError('bad-file', `${directory} is nested deeper than ${MAX_DEPTH} directories`);
    if (segment?.kind === 'name') {
      const path = joined(directory, segment.name);
      const kind = await this.#tree.kindOf(path, after.length === 0);
      if (kind === 'other') throw new QueryError('bad-file', `${path} is neither a file nor a directory`);
      if (kind !== null) this.#enter(step, { name: segment.name, kind }, after);
      return;
    }
    const waiting = this.#open.length;
    for (const entry of (await this.#tree.entries(directory)) ?? []) {
      if (isHidden(entry.name)) continue;
      if (segment === undefined) this.#below(step, entry);
      else if (segment.kind === 'pattern' && segment.pattern.test(entry.name))
        this.#enter(step, entry, after);
      else if (segment.kind === 'any') this.#any(step, entry, rest);
    }
    // The last directory is visited first: so they come in the order of their names.
    const found = this.#open.splice(waiting).reverse();
    for (const { directory: below } of found.slice(-EXPECTED)) this.#tree.expect?.(below);
    this.#open.push(...found);
  }

  /** Everything below a directory that a path names, as far as its name says that it is data. */
  #below(step: Step, entry: Entry): void {
    if (entry.kind === 'directory') this.#enter(step, entry, []);
    else if (formatOfName(entry.name) !== null) this.#enter(step, entry, []);
  }

  /** `**` stands for no directory too: what follows it is matched in this one. */
  #any(step: Step, entry: Entry, rest: PathPattern): void {
    if (entry.kind === 'directory') this.#enter(step, entry, rest);
    else if (rest.length === 1) this.#below(step, entry);
    else if (rest.length === 2 && matches(rest[1]!, entry.name)) this.#enter(step, entry, []);
  }

  #enter({ directory, partitions, depth }: Step, { name, kind }: Entry, rest: PathPattern): void {
    const path = joined(directory, name);
    if (kind === 'file') {
      if (rest.length > 0) return;
      if (this.found.push({ path, partitions }) > MAX_FILES) throw tooMany();
      return;
    }
    const partition = this.#options.hive ? partitionOf(name) : null;
    const below = partition === null ? partitions : [...partitions, partition];
    if (partition !== null) {
      if (this.#options.wanted?.(below) === false) return;
      refuseAmbiguous(partition, path);
    }
    this.#open.push({ directory: path, rest, partitions: below, depth: depth + 1 });
  }
}

function matches(segment: PathPattern[number], name: string): boolean {
  return segment.kind === 'name'
    ? segment.name === name
    : segment.kind === 'any' || segment.pattern.test(name);
}

/** Names that tools give to what is no data: `_SUCCESS`, `_temporary`, `.part-0.crc`. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || (name.startsWith('_') && !name.includes('='));
}

function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

function tooMany(): QueryError {
  return new QueryError('result-too-large', `the path stands for more than ${MAX_FILES} files`, {
    hint: 'filter by partitions, name a directory further down, or write fewer and larger files',
  });
}
