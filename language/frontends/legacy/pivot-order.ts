/** The orders in which a pivot's rows and columns stand: by value, or by the names of weekdays, months and seasons. */
import type { LegacyCursor } from './cursor.ts';

export type Order = { readonly by: 'value' | 'week' | 'month' | 'season'; readonly descending: boolean };

export function parseOrder(cursor: LegacyCursor): Order {
  const by = (cursor.acceptWord('week', 'month', 'season') ?? 'value') as Order['by']; // one of these words
  const word = cursor.acceptWord('asc', 'desc');
  if (word === null && by === 'value') cursor.fail('ASC, DESC, WEEK, MONTH or SEASON is expected');
  return { by, descending: word === 'desc' };
}

const ORDERS: Readonly<Record<Exclude<Order['by'], 'value'>, readonly (readonly string[])[]>> = {
  week: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [
    day,
    day.slice(0, 3),
  ]),
  month: [
    ['january', 'jan'],
    ['february', 'feb'],
    ['march', 'mar'],
    ['april', 'apr'],
    ['may'],
    ['june'],
    ['july'],
    ['august', 'aug'],
    ['september', 'sept', 'sep'],
    ['october', 'oct'],
    ['november', 'nov'],
    ['december', 'dec'],
  ],
  season: [['spring'], ['summer'], ['fall', 'autumn'], ['winter']],
};

function placeOfName(text: string, by: Exclude<Order['by'], 'value'>): number | null {
  const place = ORDERS[by].findIndex((names) => names.includes(text.toLowerCase()));
  return place === -1 ? null : place;
}

/** The place of a name among those of weekdays, months or seasons; null for others. */
export function placeText(by: Exclude<Order['by'], 'value'>, name: string): string {
  const of = `lower(cast(${name} as varchar))`;
  const whens = ORDERS[by].flatMap((names, place) =>
    names.map((text) => `when ${of} = '${text}' then ${place}`),
  );
  return `case ${whens.join(' ')} end`;
}

/** The keys of ORDER BY for one column; names that are not known come last. */
export function orderText(order: Order, name: string): string {
  const direction = order.descending ? 'desc nulls last' : 'asc nulls first';
  if (order.by === 'value') return `${name} ${direction}`;
  return `${placeText(order.by, name)} ${order.descending ? 'desc' : 'asc'} nulls last, ${name} ${direction}`;
}

export function compareNames(order: Order): (one: string, other: string) => number {
  const plain = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  const sign = order.descending ? -1 : 1;
  const { by } = order;
  if (by === 'value') return (one, other) => sign * plain(one, other);
  return (one, other) => {
    const [a, b] = [placeOfName(one, by), placeOfName(other, by)];
    if (a !== null && b !== null) return sign * (a - b);
    return a === null && b === null ? plain(one, other) : a === null ? 1 : -1;
  };
}
