/**
 * Finds the files that a path stands for. Directories whose partitions no row can be wanted of are not even opened, so that
 * one day of many years costs a few directories, not all. A directory's names are judged one after the other as its files are
 * asked for: who wants one file, or the directories of one value, pays for these.
 */
import { setImmediate } from 'node:timers/promises';
import { QueryError } from '../../core/protocol/errors.ts';
import type { FileTree } from './file-tree.ts';
import { formatOfName } from './formats.ts';
import { type Comparable, type Partition, type PartitionType, partitionOf, refuseAmbiguous } from './hive.ts';
import { type ListedDirectory, type Listing, listingOf } from './listing.ts';
import { PathPlaces } from './path-places.ts';
import type { PathPattern } from './user-path.ts';

export interface FoundFile {
  /** The path below the root. */
  readonly path: string;
  /** The partitions of the directories above, from the root on. */
  readonly partitions: readonly Partition[];
}

/** The only values that rows are wanted of. */
export interface OnlyValues {
  readonly type: PartitionType;
  readonly values: readonly Comparable[];
}

export interface WantedPartitions {
  /** Says whether rows of these partitions may be wanted; deeper ones are not known yet. */
  includes(partitions: readonly Partition[]): boolean;
  /** Returns the values that the partition at a level must have; null: it may have any. */
  only(level: number): OnlyValues | null;
}

export interface FindOptions {
  /** Whether directories `name=value` are columns. */
  readonly hive: boolean;
  /** Left out: all are. */
  readonly wanted?: WantedPartitions | undefined;
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

/** A directory that is wanted. */
interface Step {
  readonly directory: string;
  readonly places: PathPlaces;
  readonly partitions: readonly Partition[];
  readonly depth: number;
}

/** The directories in one that is read, of which those ahead are expected. */
interface Frame {
  readonly below: Iterator<Step>;
  readonly ahead: Step[];
}

class Search {
  readonly found: FoundFile[] = [];
  readonly #tree: FileTree;
  readonly #options: FindOptions;
  readonly #atMost: number;
  readonly #lookAhead: number;

  constructor(tree: FileTree, options: FindOptions) {
    this.#tree = tree;
    this.#options = options;
    this.#atMost = options.atMost ?? Number.POSITIVE_INFINITY;
    // Who wants few files need not read more directories than those.
    this.#lookAhead = tree.expect === undefined || options.atMost !== undefined ? 1 : EXPECTED;
  }

  async run(pattern: PathPattern): Promise<void> {
    const root = { directory: '', places: PathPlaces.start(pattern), partitions: [], depth: 0 };
    const frames = [await this.#read(root)];
    for (let count = 1; frames.length > 0 && this.found.length < this.#atMost; count++) {
      const step = this.#next(frames.at(-1)!);
      if (step === undefined) frames.pop();
      else frames.push(await this.#read(step));
      if (count % TURN !== 0) continue;
      await setImmediate();
      this.#options.check?.();
    }
  }

  #next({ below, ahead }: Frame): Step | undefined {
    while (ahead.length < this.#lookAhead) {
      const { value, done } = below.next();
      if (done === true) break;
      ahead.push(value);
      if (this.#lookAhead > 1) this.#tree.expect?.(value.directory);
    }
    return ahead.shift();
  }

  /** Adds the files in a directory to those found. */
  async #read(step: Step): Promise<Frame> {
    const { directory, places, depth } = step;
    if (depth > MAX_DEPTH)
      throw new QueryError('bad-file', `${directory} is nested deeper than ${MAX_DEPTH} directories`);
    const { onlyName } = places;
    if (onlyName !== null) return this.#named(step, onlyName);
    const read = this.#tree.entries(directory);
    const entries = read instanceof Promise ? await read : read;
    const listing = listingOf(entries ?? []);
    for (const name of listing.files) {
      if (this.found.length >= this.#atMost) break;
      if (places.takes(name, formatOfName(name) !== null)) this.#add(step, name);
    }
    return { below: this.#below(step, listing), ahead: [] };
  }

  /** Reads a name that the path says, which is asked for without reading the directory. */
  async #named(step: Step, name: string): Promise<Frame> {
    const places = step.places.after(name);
    const path = joined(step.directory, name);
    const kind = await this.#tree.kindOf(path, step.places.takes(name, false));
    if (kind === 'other') throw new QueryError('bad-file', `${path} is neither a file nor a directory`);
    if (kind === 'file' && step.places.takes(name, false)) this.#add(step, name);
    const partition = this.#options.hive ? partitionOf(name) : null;
    const below = kind === 'directory' ? this.#step(step, { name, partition }, places) : null;
    return { below: (below === null ? [] : [below]).values(), ahead: [] };
  }

  #add({ directory, partitions }: Step, name: string): void {
    if (this.found.push({ path: joined(directory, name), partitions }) > MAX_FILES) throw tooMany();
  }

  *#below(step: Step, listing: Listing): Generator<Step, void> {
    const { hive, wanted } = this.#options;
    const only = hive ? (wanted?.only(step.partitions.length) ?? null) : null;
    if (hive && wanted === undefined)
      for (const { name, partition } of listing.ambiguous)
        if (step.places.after(name) !== null) refuseAmbiguous(partition!, joined(step.directory, name));
    const directories = only === null ? listing.directories : listing.directoriesOf(only.type, only.values);
    for (const listed of directories) {
      const below = this.#step(step, listed, step.places.after(listed.name));
      if (below !== null) yield below;
    }
  }

  /** Returns null for a directory that the path does not stand for, and one whose rows are not wanted. */
  #step(
    { directory, partitions, depth }: Step,
    { name, partition }: ListedDirectory,
    places: PathPlaces | null,
  ): Step | null {
    if (places === null) return null;
    const path = joined(directory, name);
    if (partition === null || !this.#options.hive)
      return { directory: path, places, partitions, depth: depth + 1 };
    const below = [...partitions, partition];
    if (this.#options.wanted?.includes(below) === false) return null;
    refuseAmbiguous(partition, path);
    return { directory: path, places, partitions: below, depth: depth + 1 };
  }
}

function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

function tooMany(): QueryError {
  return new QueryError('result-too-large', `the path stands for more than ${MAX_FILES} files`, {
    hint: 'filter by partitions, name a directory further down, or write fewer and larger files',
  });
}
