/** Commands that take texts apart. */

import { QueryError } from '../../../core/protocol/errors.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asText, engine, ROW, withColumns } from './engine-text.ts';
import { groupOf, readPattern } from './pattern.ts';

type Patterns = readonly {
  readonly name: WrittenName | null;
  readonly pattern: string;
  readonly group: number;
}[];

export const REGEX = command<Patterns>({
  names: ['regex'],
  form: "regex 'p' [group(n)] | regex c='p' [group(n)], ...",
  summary: 'The first match, or a group of it, as regex_c; null where there is none.',
  parse(cursor: LegacyCursor) {
    const patterns: { name: WrittenName | null; pattern: string; group: number }[] = [];
    do {
      const alone = ['single', 'double'].includes(cursor.peek().kind) && !cursor.isSign('=', 1);
      const name = alone ? null : cursor.name();
      if (!alone) cursor.expectSign('=');
      const pattern = readPattern(cursor);
      const group = cursor.acceptWord('group') === null ? 0 : groupOf(pattern, cursor);
      patterns.push({ name, pattern, group });
    } while (cursor.acceptSign(','));
    return patterns;
  },
  lower(patterns, context) {
    const added = patterns.flatMap(({ name, pattern, group }) => {
      const columns = name === null ? context.columns : [context.column(name)];
      return columns.map((column) => {
        const text = asText(column);
        const found = `regexp_extract(${text}, ${quoteText(pattern)}, ${group})`;
        const sql = `case when regexp_matches(${text}, ${quoteText(pattern)}) then ${found} end`;
        return { name: `regex_${column.name}`, sql };
      });
    });
    return [withColumns(context, added)];
  },
});

interface Replacing {
  readonly name: WrittenName;
  readonly delimiter: string | null;
}

export const REPLACEWORDS = command<Replacing>({
  names: ['replacewords'],
  form: "replacewords col=c model=M [delimiter=',']",
  summary: 'Replaces whole values by those that a model with the columns old and new names.',
  parse(cursor: LegacyCursor) {
    let name: WrittenName | null = null;
    let delimiter: string | null = null;
    let model = false;
    while (!cursor.atEnd) {
      const option = cursor.acceptWord('col', 'model', 'delimiter');
      if (option === null) cursor.fail('col, model or delimiter is expected');
      cursor.expectSign('=');
      if (option === 'col') name = cursor.name();
      else if (option === 'delimiter') delimiter = cursor.next().text;
      else {
        const read = cursor.name('a model');
        cursor.sources.model(read.name, read.span);
        model = true;
      }
    }
    if (name === null || !model) cursor.failAt(cursor.span, '`col` and `model` are needed');
    return { name, delimiter };
  },
  lower({ name, delimiter }, context) {
    const text = asText(context.column(name));
    const [sides = []] = context.sides;
    const missing = ['old', 'new'].find((own) => sides.every((column) => column.name !== own));
    if (missing !== undefined)
      throw new QueryError('unknown-column', `the model of \`replacewords\` has no column \`${missing}\``, {
        span: context.span,
        hint: `it must have the columns old and new; it has ${sides.map((column) => `\`${column.name}\``).join(', ')}`,
      });
    const old = delimiter === null ? 'old' : `unnest(string_split(old, ${quoteText(delimiter)})) as old`;
    const words = `select old, min(new) as new from (select ${old}, new from source1) group by old`;
    const kept = context.columns
      .filter((own) => own.name !== 'replaced')
      .map((own) => quoteName(own.name))
      .join(', ');
    const sql = `select ${kept}, coalesce(words.new, ${text}) as replaced, ${ROW} from input left join (${words}) as words on words.old = ${text}`;
    return [{ ...engine(sql), ordered: true }];
  },
});

export const TOKENIZER = command<readonly { readonly name: WrittenName; readonly to: string | null }[]>({
  names: ['tokenizer'],
  form: 'tokenizer c [to n], ...',
  summary: 'The words of a text as a list.',
  parse(cursor: LegacyCursor) {
    const items: { name: WrittenName; to: string | null }[] = [];
    do {
      const name = cursor.name();
      items.push({ name, to: cursor.acceptWord('to') === null ? null : cursor.name('the new name').name });
    } while (cursor.acceptSign(','));
    return items;
  },
  lower: (items, context) => {
    const added = items.map(({ name, to }) => {
      const column = context.column(name);
      return {
        name: to ?? column.name,
        sql: `list_filter(regexp_split_to_array(${asText(column)}, '\\s+'), x -> x <> '')`,
      };
    });
    return [withColumns(context, added)];
  },
});

export const POSTAGGER = command<{ readonly name: WrittenName; readonly tags: readonly string[] }>({
  names: ['postagger'],
  form: 'postagger c [ALGORITHM mobigen] [POS t, ...]',
  summary: 'A row for each word of a text, tagged N.',
  parse(cursor: LegacyCursor) {
    const name = cursor.name();
    if (cursor.acceptWord('algorithm') !== null) {
      const token = cursor.peek();
      if (cursor.text_().toLowerCase() !== 'mobigen')
        cursor.failAt(
          token,
          `the algorithm ${token.text} is not here`,
          'leave ALGORITHM out: texts are split at blanks',
        );
    }
    const tags: string[] = [];
    if (cursor.acceptWord('pos') !== null)
      do tags.push(cursor.text_('a tag'));
      while (cursor.acceptSign(','));
    return { name, tags };
  },
  lower({ name, tags }, context) {
    const column = context.column(name);
    const kept = context.columns.filter((own) => own !== column).map((own) => quoteName(own.name));
    const words = `unnest(list_filter(regexp_split_to_array(${asText(column)}, '\\s+'), x -> x <> '')) as "WORD_BY_MOBIGEN"`;
    const rest = tags.length > 0 && !tags.includes('N') ? ' where false' : '';
    return [
      {
        ...engine(`select ${[...kept, words].join(', ')}, 'N' as "TAG_BY_MOBIGEN", ${ROW} from input${rest}`),
        ordered: true,
      },
    ];
  },
});
