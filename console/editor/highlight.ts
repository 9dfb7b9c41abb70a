/**
 * Colours of a query: SQL up to the first pipe, stages after it. A tokenizer of its own, since neither part can be told by a
 * grammar of SQL alone; what a text means is the server's to say (problems.ts, completion.ts).
 */
import {
  HighlightStyle,
  StreamLanguage,
  type StreamParser,
  type StringStream,
  syntaxHighlighting,
} from '@codemirror/language';
import { tags } from '@lezer/highlight';

interface State {
  /** Whether a pipe came before: what follows are stages. */
  inStages: boolean;
  /** Whether the next word names a stage. */
  expectsStage: boolean;
  /** The end of the text or comment that goes on in the next line; null when there is none. */
  open: string | null;
}

const SQL_WORDS = new Set(
  `all and any as asc between by case cast cross desc distinct else end except exists extract false filter first from full
   group having in inner intersect interval is join last lateral left like ilike limit natural not null nulls offset on or
   order outer over partition right rows select similar some then true union unnest using values when where window with
   let set`.split(/\s+/),
);
const STAGE_WORDS = new Set(
  'and as asc between by case desc else end false in is like limit not null on or over span then true when where with'.split(
    ' ',
  ),
);

const parser: StreamParser<State> = {
  name: 'forkline',
  startState: () => ({ inStages: false, expectsStage: false, open: null }),
  copyState: (state) => ({ ...state }),
  token,
  languageData: {
    commentTokens: { line: '--', block: { open: '/*', close: '*/' } },
    closeBrackets: { brackets: ['(', '[', "'", '"'] },
  },
};

function token(stream: StringStream, state: State): string | null {
  if (state.open !== null) return untilEnd(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match('--')) {
    stream.skipToEnd();
    return 'lineComment';
  }
  if (stream.match('/*')) return opened(stream, state, '*/');
  const dollar = stream.match(/^\$\w*\$/) as RegExpMatchArray | null;
  if (dollar !== null) return opened(stream, state, dollar[0]);
  for (const quote of ["'", '"', '`']) if (stream.eat(quote)) return opened(stream, state, quote);
  if (stream.match('||') || stream.match('::')) return 'operator';
  if (stream.eat('|')) return pipe(state);
  if (stream.match(/^:[\p{L}_][\p{L}\p{N}_]*/u)) return 'special';
  if (stream.match(/^@[\p{L}_][\p{L}\p{N}_-]*/u)) return 'labelName';
  if (stream.match(/^\d+(\.\d+)?([eE][+-]?\d+)?[a-zA-Z]*/)) return 'number';
  const word = stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u) as RegExpMatchArray | null;
  if (word !== null) return wordStyle(word[0].toLowerCase(), stream, state);
  stream.next();
  return 'operator';
}

function pipe(state: State): string {
  state.inStages = true;
  state.expectsStage = true;
  return 'punctuation';
}

function wordStyle(word: string, stream: StringStream, state: State): string | null {
  if (state.expectsStage) {
    state.expectsStage = false;
    return 'heading';
  }
  if ((state.inStages ? STAGE_WORDS : SQL_WORDS).has(word)) return 'keyword';
  return stream.match(/^\s*\(/, false) ? 'function' : null;
}

function opened(stream: StringStream, state: State, end: string): string {
  state.open = end;
  return untilEnd(stream, state);
}

function untilEnd(stream: StringStream, state: State): string {
  const end = state.open!;
  while (!stream.eol()) {
    if (stream.match(end)) {
      state.open = null;
      break;
    }
    stream.next();
  }
  if (end === '*/') return 'blockComment';
  return end === "'" || end.startsWith('$') ? 'string' : 'name';
}

const style = HighlightStyle.define([
  { tag: tags.heading, class: 'tok-stage' },
  { tag: tags.keyword, class: 'tok-keyword' },
  { tag: [tags.lineComment, tags.blockComment], class: 'tok-comment' },
  { tag: tags.string, class: 'tok-string' },
  { tag: tags.number, class: 'tok-number' },
  { tag: tags.special(tags.variableName), class: 'tok-parameter' },
  { tag: tags.labelName, class: 'tok-connection' },
  { tag: tags.function(tags.variableName), class: 'tok-function' },
  { tag: tags.punctuation, class: 'tok-pipe' },
]);

export const queryHighlighting = [
  StreamLanguage.define({
    ...parser,
    tokenTable: {
      special: tags.special(tags.variableName),
      function: tags.function(tags.variableName),
    },
  }),
  syntaxHighlighting(style),
];
