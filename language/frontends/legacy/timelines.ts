/** Commands that count and aggregate in bins of time. */

import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type Step } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asText, engine, ROW, stages } from './engine-text.ts';
import { callText, type LegacyCall, parseCalls } from './functions.ts';
import { type ModelSyntax, modelSteps, parseModel, timeColumn } from './model-options.ts';
import { type Bin, binned, intervalOf, momentLiteral, momentOf, momentOfText, readBin } from './time-text.ts';

function counted(moment: string, bin: Bin): readonly Step[] {
  const date = `strftime(${binned(moment, bin)}, '%Y%m%d%H%M%S')`;
  const sql = `select ${date} as date, count(*) as event_count from input where ${moment} is not null group by 1`;
  return [engine(sql), stages('sort date')];
}

export const TIMELINE = command<{ readonly name: WrittenName; readonly bin: Bin }>({
  names: ['timeline'],
  form: 'timeline c nU',
  summary: 'How many rows each bin of time has.',
  parse(cursor: LegacyCursor) {
    const name = cursor.name();
    if (cursor.atEnd) cursor.fail('a unit of time is expected, as in `1d`');
    const token = cursor.next();
    return { name, bin: readBin(token.text, { start: token.start, end: token.end }) };
  },
  lower: ({ name, bin }, context) => counted(momentOf(context.column(name)), bin),
});

/** The column of time of a model whose moments may be text: the first moment, else the first text. */
function anyTimeColumn(columns: readonly Column[], span: Span, named: string | null): Column {
  const found = timeColumn(columns, named) ?? columns.find(({ type }) => type.kind === 'string');
  if (found !== undefined) return found;
  throw new QueryError('wrong-arguments', 'the model has no column of time', {
    span,
    hint: 'use `timeline c 1d`',
  });
}

export const MODEL_TIMELINE = command<ModelSyntax>({
  names: ['model-timeline'],
  form: 'model-timeline name = N [start_date = t] [end_date = t] [unit = nU] [CONDITION]',
  summary: 'How many rows of a model each bin of time has.',
  parse: (cursor) => parseModel(cursor),
  lower(model, context) {
    const time = anyTimeColumn(context.columns, context.span, model.time);
    return [...modelSteps(model, context, time), ...counted(momentOf(time), model.bin ?? usualBin(model))];
  },
});

/** Chooses the bin when no unit is given: hours for two days, months for more than half a year, else days. */
function usualBin({ from, to }: ModelSyntax): Bin {
  const at = (literal: string): number => Date.parse(`${literal.slice(11, 21)}T${literal.slice(22, 30)}Z`);
  const days = from === null || to === null ? 30 : (at(to) - at(from)) / 86_400_000;
  return { count: 1, unit: days <= 2 ? 'H' : days > 183 ? 'm' : 'd' };
}

interface Interpolation {
  readonly calls: readonly LegacyCall[];
  readonly index: WrittenName;
  readonly bin: Bin;
  readonly fill: string;
  readonly format: string | null;
  readonly by: readonly WrittenName[];
  readonly from: string | null;
  readonly to: string | null;
}

/** Returns SQL of the moment at which the bins begin or end, also when there are no rows. */
function edge(given: string | null, of: 'min' | 'max'): string {
  return given === null ? `${of}(moment)` : `coalesce(${of}(${given}), ${given})`;
}

const OPTIONS = ['index', 'interval', 'fillna', 'index_format', 'by', 'start_date', 'end_date'] as const;

export const INTERPOLATION = command<Interpolation>({
  names: ['interpolation'],
  form: "interpolation f(x) [AS n], ... index=c interval=nU fillna=v|ffill|bfill [index_format='..'] [by=g, ...] [start_date=t] [end_date=t]",
  summary: 'Aggregates in bins of time, of which none is left out.',
  parse(cursor: LegacyCursor) {
    const calls = parseCalls(cursor);
    const found: { -readonly [K in keyof Interpolation]?: Interpolation[K] } = {};
    while (!cursor.atEnd) {
      const option = cursor.acceptWord(...OPTIONS);
      if (option === null) cursor.fail(`an option is expected: ${OPTIONS.join(', ')}`);
      cursor.expectSign('=');
      const token = cursor.peek();
      const span = { start: token.start, end: token.end };
      if (option === 'index') found.index = cursor.name();
      else if (option === 'interval') found.bin = readBin(cursor.next().text, span);
      else if (option === 'fillna')
        found.fill = cursor.isSign('-') || token.kind === 'number' ? cursor.number() : cursor.text_();
      else if (option === 'index_format') found.format = cursor.text_();
      else if (option === 'by')
        found.by = cursor.isSign('[') ? cursor.list(() => cursor.name()) : cursor.names();
      else if (option === 'start_date') found.from = momentLiteral(cursor.text_(), span);
      else found.to = momentLiteral(cursor.text_(), span);
    }
    const { index, bin, fill } = found;
    const searched = cursor.sources.searched();
    if (index === undefined || bin === undefined || fill === undefined)
      cursor.failAt(cursor.span, '`index`, `interval` and `fillna` are needed');
    return {
      calls,
      index,
      bin,
      fill,
      format: found.format ?? null,
      by: found.by ?? [],
      from: found.from ?? searched.from,
      to: found.to ?? searched.to,
    };
  },
  lower({ calls, index, bin, fill, format, by, from, to }, context) {
    const column = context.column(index);
    const moment =
      column.type.kind === 'string' && format === null
        ? momentOfText(asText(column))
        : momentOf(column, format);
    const groups = by.map((name) => quoteName(context.column(name).name));
    const keys = groups.map((group) => `, ${group}`).join('');
    const same = groups.map((group) => ` and rows.${group} is not distinct from bins.${group}`).join('');
    const grouped = groups.length === 0 ? '' : ` group by ${groups.join(', ')}`;
    const values = calls.map((call) => ({
      name: quoteName(call.as ?? call.text),
      sql: callText(call, context),
    }));
    const step = intervalOf(bin);
    const ends = `select ${edge(from, 'min')} as first_bin, ${edge(to, 'max')} as last_bin${keys} from rows${grouped}`;
    const until = to === null ? `last_bin + interval '1 microsecond'` : 'last_bin';
    const bins = `select unnest(range(first_bin, ${until}, ${step})) as bin${keys} from (${ends})`;
    const joined = `select bins.bin as bin${groups.map((group) => `, bins.${group} as ${group}`).join('')}, ${values
      .map(({ name, sql }) => `case when count(rows.moment) = 0 then null else ${sql} end as ${name}`)
      .join(
        ', ',
      )} from bins left join rows on rows.moment >= bins.bin and rows.moment < bins.bin + ${step}${same} group by all`;
    const partition = groups.length === 0 ? '' : `partition by ${groups.join(', ')} `;
    const filled = values.map(({ name }) => {
      if (fill === 'ffill')
        return `last_value(${name} ignore nulls) over (${partition}order by bin rows between unbounded preceding and current row) as ${name}`;
      if (fill === 'bfill')
        return `first_value(${name} ignore nulls) over (${partition}order by bin rows between current row and unbounded following) as ${name}`;
      return `coalesce(${name}, ${Number.isFinite(Number(fill)) ? fill : 'null'}) as ${name}`;
    });
    const order = [...groups, 'bin'].join(', ');
    const sql = `with rows as (select input.*, ${moment} as moment from input), bins as (${bins}), joined as (${joined}) select bin as ${quoteName(column.name)}${keys}, ${filled.join(', ')}, row_number() over (order by ${order}) as ${ROW} from joined`;
    return [{ ...engine(sql), ordered: true }];
  },
});
