/** The functions of `stats`, `pivot` and their like. */

import { quoteName } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import type { LowerContext } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asNumber } from './engine-text.ts';
import { type Bin, binned, momentOf, readBin } from './time-text.ts';

export interface LegacyCall {
  /** The function's name in lower case. */
  readonly name: string;
  /** The column of the argument; null: `*`. */
  readonly of: WrittenName | null;
  readonly share: number | null;
  /** The call as it is written, without blanks. */
  readonly text: string;
  readonly as: string | null;
}

const NAMES = [
  'avg',
  'mean',
  'count',
  'countdistinct',
  'max',
  'median',
  'min',
  'stddev',
  'stddev_samp',
  'stddev_pop',
  'sum',
  'variance',
  'var',
  'var_samp',
  'var_pop',
  'iqr',
  'quantile',
  'first',
  'last',
] as const;

export function parseCalls(cursor: LegacyCursor): readonly LegacyCall[] {
  const calls = [parseCall(cursor)];
  while (cursor.acceptSign(',')) calls.push(parseCall(cursor));
  return calls;
}

export function parseCall(cursor: LegacyCursor): LegacyCall {
  const first = cursor.peek();
  const found = cursor.acceptWord(...NAMES);
  if (found === null) cursor.fail(`a function is expected (${NAMES.join(', ')})`);
  cursor.expectSign('(');
  const of = cursor.acceptSign('*') ? null : cursor.name();
  if (of === null && found !== 'count')
    cursor.failAt(first, `\`${first.text}(*)\` means nothing`, 'only `count` takes `*`');
  let share: number | null = null;
  if (found === 'quantile') {
    cursor.expectSign(',');
    const token = cursor.peek();
    share = Number(cursor.number('a percentage'));
    if (share < 0 || share > 100)
      cursor.failAt(token, 'a percentage is between 0 and 100', 'write `quantile(x, 25)`');
  }
  cursor.expectSign(')');
  const percent = share === null ? '' : `, ${share}`;
  return { name: found, of, share, text: `${first.text}(${of?.name ?? '*'}${percent})`, as: cursor.alias() };
}

/** The call as the stage engine's SQL; `filter`: of the rows that it counts. */
export function callText(call: LegacyCall, context: LowerContext, filter = ''): string {
  if (call.of === null) return `count(*)${filter}`;
  const column = context.column(call.of);
  const quoted = quoteName(column.name);
  const number = asNumber(column);
  const whole = column.type.kind === 'int64' || column.type.kind === 'bool';
  const share = (part: number): string => `quantile_disc(${number}, ${part})${filter}`;
  switch (call.name) {
    case 'count':
      return `count(${quoted})${filter}`;
    case 'countdistinct':
      return `count(distinct ${quoted})${filter}`;
    case 'sum':
      return `cast(sum(${number})${filter} as ${whole ? 'bigint' : 'double'})`;
    case 'avg':
    case 'mean':
      return `avg(${number})${filter}`;
    case 'max':
    case 'min':
      return `${call.name}(${quoted})${filter}`;
    case 'median':
      return `median(${number})${filter}`;
    case 'stddev':
    case 'stddev_samp':
      return `stddev_samp(${number})${filter}`;
    case 'variance':
    case 'var':
    case 'var_samp':
      return `var_samp(${number})${filter}`;
    case 'iqr':
      return `(${share(0.75)} - ${share(0.25)})`;
    case 'quantile':
      return share(Math.min(Math.max((call.share ?? 50) / 100, 0), 1));
    case 'first':
    case 'last':
      return `${call.name}(${quoted} order by __forkline_row)${filter}`;
    default:
      return `${call.name}(${number})${filter}`;
  }
}

/** The call as an aggregate of ours. */
export function aggregateText(call: LegacyCall, context: LowerContext): string {
  if (call.of === null) return 'count()';
  const column = context.column(call.of);
  const quoted = quoteName(column.name);
  const number = asNumber(column);
  const whole = column.type.kind === 'int64' || column.type.kind === 'bool';
  const share = (part: number): string => `quantile_disc(${number}, ${part})`;
  switch (call.name) {
    case 'countdistinct':
      return `dc(${quoted})`;
    case 'sum':
      return `cast(sum(${number}) as ${whole ? 'bigint' : 'double'})`;
    case 'mean':
      return `avg(${number})`;
    case 'count':
    case 'max':
    case 'min':
    case 'first':
    case 'last':
      return `${call.name}(${quoted})`;
    case 'iqr':
      return `${share(0.75)} - ${share(0.25)}`;
    case 'quantile':
      return share(Math.min(Math.max((call.share ?? 50) / 100, 0), 1));
    default:
      return `${OWN_NAMES[call.name] ?? call.name}(${number})`;
  }
}

const OWN_NAMES: Readonly<Record<string, string>> = {
  stddev_samp: 'stddev',
  variance: 'var',
  var_samp: 'var',
};

/** Says whether the function gives 0, and not null, where there are no rows. */
export function countsToZero({ name }: LegacyCall): boolean {
  return ['count', 'countdistinct', 'sum'].includes(name);
}

export interface LegacyGroup {
  readonly of: WrittenName;
  readonly bin: Bin | null;
  readonly as: string | null;
}

export function parseGroups(cursor: LegacyCursor): readonly LegacyGroup[] {
  const groups = [parseGroup(cursor)];
  while (cursor.acceptSign(',')) groups.push(parseGroup(cursor));
  return groups;
}

function parseGroup(cursor: LegacyCursor): LegacyGroup {
  if (!cursor.isWord('date_group') || !cursor.isSign('(', 1))
    return { of: cursor.name(), bin: null, as: cursor.alias() };
  cursor.next();
  cursor.next();
  const of = cursor.name();
  cursor.expectSign(',');
  const token = cursor.next();
  const bin = readBin(token.text, { start: token.start, end: token.end });
  cursor.expectSign(')');
  return { of, bin, as: cursor.alias() };
}

export function groupText({ of, bin }: LegacyGroup, context: LowerContext): string {
  const column = context.column(of);
  return bin === null ? quoteName(column.name) : binned(momentOf(column), bin);
}
