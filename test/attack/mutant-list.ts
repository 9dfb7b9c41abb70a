/** The protections that `npm run attack:mutants` takes away, as changes of the sources. */

export interface Mutant {
  readonly name: string;
  /** The source file. */
  readonly file: string;
  /** Each text must be there once. */
  readonly changes: readonly (readonly [from: string, to: string])[];
}

const SHOWN_ROWS = 'language/stages/kit/shown-rows.ts';
export const MUTANTS: readonly Mutant[] = [
  {
    // The one around the rows of a role alone is not missed: what may fail has one of its own (docs/decisions/0080).
    name: 'no fences between conditions',
    file: 'language/select/open-select.ts',
    changes: [['this.with({ fence: this.dialect.traits.fence }).seal()', 'this.with({}).seal()']],
  },
  {
    name: 'no condition of a role on rows',
    file: SHOWN_ROWS,
    changes: [['condition === null ? relation : relation.filter(condition)', 'relation']],
  },
  {
    name: 'hidden columns are shown',
    file: SHOWN_ROWS,
    changes: [['const node = valueShown(column, roles);', 'const node = valueShown(column, roles) ?? null;']],
  },
  {
    name: 'masks are left out',
    file: SHOWN_ROWS,
    changes: [
      [
        'const node = valueShown(column, roles);',
        'const node = valueShown(column, roles) === undefined ? undefined : null;',
      ],
    ],
  },
  {
    name: 'other people’s queries are seen and ended',
    file: 'server/http/operations.ts',
    changes: [
      [
        "return rights.queries === 'all' ? () => true : ({ principal }) => principal.id === id;",
        'return () => true;',
      ],
    ],
  },
  {
    name: 'kept answers are sent to everybody',
    file: 'server/cache/answer-key.ts',
    changes: [['framed(scopeOf(principal))', "framed('everybody')"]],
  },
  {
    name: 'plans are kept for everybody',
    file: 'server/planning/plan-cache.ts',
    changes: [['`$' + '{scope} $', '`$']],
  },
  {
    name: 'completions are kept for everybody',
    file: 'server/http/complete-handler.ts',
    changes: [['`$' + '{scope} $', '`$']],
  },
  {
    name: 'connections that a role does not have are reached',
    file: 'server/query/connection-book.ts',
    changes: [['(connections === null || connections.includes(name)) && ', '']],
  },
  {
    name: 'everybody gets the first login of a connection',
    file: 'server/query/connection-book.ts',
    changes: [['return held[0]!;', 'return withLogin[0]!;']],
  },
  {
    name: 'tokens for others are taken',
    file: 'server/access/token-verifier.ts',
    changes: [['...{ issuer, audience, algorithms', '...{ issuer, algorithms']],
  },
  {
    name: 'every name in Host passes',
    file: 'server/http/host-check.ts',
    changes: [['if (!this.#isOurs(authority))', 'if (false)']],
  },
  {
    name: 'pages of other origins may ask',
    file: 'server/http/gate.ts',
    changes: [['origin !== undefined && !isOrigin(origin, host)', 'false']],
  },
  {
    name: 'rights of routes are not looked at',
    file: 'server/access/require-right.ts',
    changes: [['if (rights[right]) return;', 'if (true) return;']],
  },
];

/** Returns the source without the protection. Throws where one of the texts is not there once. */
export function mutated(source: string, { name, file, changes }: Mutant): string {
  return changes.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`${name}: ${file} does not have once: ${from}`);
    return text.replace(from, () => to);
  }, source);
}
