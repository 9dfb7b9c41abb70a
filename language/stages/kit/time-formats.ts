/**
 * Formats of moments in stages: with `%` as in strptime, or in letters (`yyyy-MM-dd HH:mm:ss`) as spreadsheets, Java and
 * the legacy language have them. Both are checked here, while compiling.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';

const LETTERS: Readonly<Record<string, string>> = {
  yyyy: '%Y',
  yy: '%y',
  MMMM: '%B',
  MMM: '%b',
  MM: '%m',
  M: '%-m',
  dd: '%d',
  d: '%-d',
  HH: '%H',
  H: '%-H',
  hh: '%I',
  h: '%-I',
  mm: '%M',
  m: '%-M',
  ss: '%S',
  s: '%-S',
  SSS: '%g',
  SSSSSS: '%f',
  a: '%p',
  EEEE: '%A',
  EEE: '%a',
  DDD: '%j',
  Z: '%z',
};

const SPECIFIER = /%(-?[a-zA-Z]|%|.?)/g;
const KNOWN = new Set(
  '% a A w u d -d b B h m -m y -y Y H -H I -I p M -M S -S f g n z Z j -j U W V G c x X'.split(' '),
);

/** The format as strptime and strftime read it. */
export function percentFormat(format: string, span: Span): string {
  const percent = format.includes('%');
  if (!percent) return fromLetters(format, span);
  for (const [text, specifier] of format.matchAll(SPECIFIER))
    if (!KNOWN.has(specifier!)) throw unknownPart(text, span);
  return format;
}

function fromLetters(format: string, span: Span): string {
  let converted = '';
  let found = false;
  for (const [part] of format.matchAll(/'(?:[^']|'')*'|([a-zA-Z])\1*|[^a-zA-Z']+|'/g)) {
    if (part.startsWith("'")) converted += part === "''" ? "'" : part.slice(1, -1).replaceAll("''", "'");
    else if (!/^[a-zA-Z]/.test(part) || part === 'T') converted += part;
    else if (Object.hasOwn(LETTERS, part)) {
      converted += LETTERS[part]!;
      found = true;
    } else throw unknownPart(part, span);
  }
  if (found) return converted;
  throw new QueryError('wrong-arguments', `the format '${format}' has no part of a moment in it`, {
    span,
    hint: "write it like 'yyyy-MM-dd HH:mm:ss' or '%Y-%m-%d %H:%M:%S'",
  });
}

function unknownPart(part: string, span: Span): QueryError {
  return new QueryError('wrong-arguments', `a format has no part \`${part}\``, {
    span,
    hint: "write it like 'yyyy-MM-dd HH:mm:ss' or '%Y-%m-%d %H:%M:%S'",
  });
}
