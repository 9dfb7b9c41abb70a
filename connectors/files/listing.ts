/**
 * What the names in a directory say: which are files, which are directories, and which of those are partitions. It is found out
 * once for each list of entries, and a directory that has not changed has the same list.
 */
import type { Entry } from './file-tree.ts';
import {
  type Comparable,
  isAmbiguous,
  type Partition,
  type PartitionType,
  partitionOf,
  partitionType,
  valueAs,
} from './hive.ts';

export interface ListedDirectory {
  readonly name: string;
  /** null for a directory that is no partition. */
  readonly partition: Partition | null;
}

/** The places of directories by the values of their partitions. */
interface PlacesByValue {
  readonly places: ReadonlyMap<Comparable, readonly number[]>;
  /** Directories whose names tell no value of the type, so that nothing is known of their rows. */
  readonly unknown: readonly number[];
}

export class Listing {
  /** The names of the files. */
  readonly files: readonly string[];
  readonly directories: readonly ListedDirectory[];
  /** Partitions that may mean null or a text. */
  readonly ambiguous: readonly ListedDirectory[];
  /** The type of all partitions together; null when none of them has a value other than null. */
  readonly partitionType: PartitionType | null;
  readonly #byType = new Map<PartitionType, PlacesByValue>();

  /** `entries`: in the order of their names. */
  constructor(entries: readonly Entry[]) {
    const files: string[] = [];
    const directories: ListedDirectory[] = [];
    for (const { name, kind } of entries) {
      if (isHidden(name)) continue;
      if (kind === 'file') files.push(name);
      else directories.push({ name, partition: partitionOf(name) });
    }
    this.files = files;
    this.directories = directories;
    this.ambiguous = directories.filter(({ partition }) => partition !== null && isAmbiguous(partition));
    this.partitionType = partitionType(directories.flatMap(({ partition }) => partition?.value ?? []));
  }

  /** Returns the directories whose rows may have one of these values, which all are of the type. */
  directoriesOf(type: PartitionType, values: readonly Comparable[]): readonly ListedDirectory[] {
    const { places, unknown } = this.#placesBy(type);
    const found = new Set(unknown);
    for (const value of values) for (const place of places.get(value) ?? []) found.add(place);
    return [...found].sort((a, b) => a - b).map((place) => this.directories[place]!);
  }

  #placesBy(type: PartitionType): PlacesByValue {
    const known = this.#byType.get(type);
    if (known !== undefined) return known;
    const places = new Map<Comparable, number[]>();
    const unknown: number[] = [];
    for (const [place, { partition }] of this.directories.entries()) {
      const value = partition === null ? undefined : valueAs(partition.value, type);
      if (value === undefined) unknown.push(place);
      else if (value !== null) {
        const same = places.get(value);
        if (same === undefined) places.set(value, [place]);
        else same.push(place);
      }
    }
    const found = { places, unknown };
    this.#byType.set(type, found);
    return found;
  }
}

const LISTINGS = new WeakMap<readonly Entry[], Listing>();

export function listingOf(entries: readonly Entry[]): Listing {
  const known = LISTINGS.get(entries) ?? new Listing(entries);
  LISTINGS.set(entries, known);
  return known;
}

/** Names that tools give to what is no data: `_SUCCESS`, `_temporary`, `.part-0.crc`. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || (name.startsWith('_') && !name.includes('='));
}
