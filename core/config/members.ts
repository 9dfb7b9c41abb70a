/** Checks the members of objects in the policy: unknown ones and wrong values are told by their paths, each with its mend. */
import { closestName } from './closest-name.ts';

/** The form that a member must have, with an example of the mend. */
export interface Member {
  readonly isRight: (value: unknown) => boolean;
  readonly expected: string;
  readonly example: unknown;
}

export function problemsOf(
  prefix: string,
  value: object,
  members: Readonly<Record<string, Member>>,
): string[] {
  return Object.entries(value).flatMap(([name, held]) => {
    const path = `${prefix}${name}`;
    if (!Object.hasOwn(members, name)) return [unknownMember(path, name, Object.keys(members))];
    return members[name]!.isRight(held) ? [] : [wrong(path, held, members[name]!)];
  });
}

function unknownMember(path: string, name: string, known: readonly string[]): string {
  const closest = closestName(name, known);
  const mend = closest === null ? `; known here: ${known.join(', ')}` : `; did you mean ${closest}?`;
  return `${path}: there is no such option${mend}`;
}

export function wrong(path: string, held: unknown, { expected, example }: Member): string {
  const key = JSON.stringify(path.split('.').at(-1));
  const found = held === undefined ? 'is missing; it must be' : 'must be';
  const not = held === undefined ? '' : `, not ${JSON.stringify(held)}`;
  return `${path}: ${found} ${expected}${not}. For example: ${key}: ${JSON.stringify(example)}`;
}

/** The lines about names that stand in a list and are not known. */
export function unknownNames(path: string, names: unknown, known: readonly string[], what: string): string[] {
  return (names as readonly string[])
    .filter((name) => !known.includes(name))
    .map((name) => {
      const closest = closestName(name, known);
      const mend = closest === null ? `; there are: ${known.join(', ')}` : `; did you mean ${closest}?`;
      return `${path}: there is no ${what} ${JSON.stringify(name)}${mend}`;
    });
}

/** The connections that roles may name, each with the tables of those to files; null: it is to something else. */
export type PolicyConnections = Readonly<Record<string, readonly string[] | null>>;
