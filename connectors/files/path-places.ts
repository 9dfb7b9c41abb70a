/**
 * The places of a path at which a search may be in one directory: more than one where `**` stands for any number of directories.
 * Each directory and each file is met once, in however many ways the path may stand for it.
 */
import type { PathPattern, Segment } from './user-path.ts';

export class PathPlaces {
  readonly #pattern: PathPattern;
  /** Numbers of segments that names in the directory are compared with; the pattern's length: all below it is meant. */
  readonly #places: readonly number[];
  /** The name that everything in the directory must have; null when there may be others. */
  readonly onlyName: string | null;
  /** Whether all directories lead to the same places. */
  readonly #staysAsIs: boolean;

  private constructor(pattern: PathPattern, places: Iterable<number>) {
    this.#pattern = pattern;
    this.#places = [...withNone(pattern, places)];
    const [segment, ...others] = this.#segments();
    this.onlyName = others.length === 0 && segment?.kind === 'name' ? segment.name : null;
    this.#staysAsIs = this.#segments().every((each) => each === undefined || each.kind === 'any');
  }

  /** Returns the places at the root. */
  static start(pattern: PathPattern): PathPlaces {
    return new PathPlaces(pattern, [0]);
  }

  /** Says whether the path stands for a file of this name. `isData`: whether the name tells a format of data. */
  takes(name: string, isData: boolean): boolean {
    const last = this.#pattern.length - 1;
    return this.#places.some(
      (place) => (place > last && isData) || (place === last && fits(this.#pattern[last]!, name)),
    );
  }

  /** Returns the places in a directory of this name; null when the path stands for nothing below it. */
  after(name: string): PathPlaces | null {
    if (this.#staysAsIs) return this;
    const next = new Set<number>();
    for (const place of this.#places) {
      const segment = this.#pattern[place];
      if (segment === undefined || segment.kind === 'any') next.add(place);
      else if (fits(segment, name)) next.add(place + 1);
    }
    return next.size === 0 ? null : new PathPlaces(this.#pattern, next);
  }

  #segments(): readonly (Segment | undefined)[] {
    return this.#places.map((place) => this.#pattern[place]);
  }
}

/** `**` stands for no directory too: then what follows it is compared. */
function withNone(pattern: PathPattern, places: Iterable<number>): ReadonlySet<number> {
  const all = new Set(places);
  for (const place of all) if (pattern[place]?.kind === 'any') all.add(place + 1);
  return all;
}

function fits(segment: Segment, name: string): boolean {
  return segment.kind === 'name'
    ? segment.name === name
    : segment.kind === 'pattern' && segment.pattern.test(name);
}
