/**
 * A whole text as a tree: `[explain] (prelude ;)* source (| stage)*`, and the same in brackets wherever a source may
 * stand. Needs nothing but the text.
 *
 * SQL and stages have lexers of their own, and which of them reads a stretch of the text is decided here alone: after
 * an opening bracket of ours, and at the beginning, SQL is scanned to the pipe or bracket that ends it, and the cursor
 * goes on behind it. Brackets that a source begins with are ours when a pipe, `@` or the name of a `let` stands in
 * them, and SQL otherwise: `(select 1) union (select 2)`.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { STAGE_LIMITS, stageLimit } from '../../../core/protocol/stage-limits.ts';
import { checkSourceHead, READS } from '../../source/head.ts';
import { MAX_BRACKETS, type ParameterUse, scanSource } from '../../source/lexer.ts';
import { skipTrivia, skipWord } from '../../source/scan.ts';
import type { ParseContext } from '../frontend.ts';
import type { LetNode, QueryNode, QueryTree, SourceNode } from './ast.ts';
import { Cursor, type EngineSql } from './cursor.ts';
import { findLet, isLetName, namesLater, parseLet, parseSet, type Settings } from './preludes.ts';
import { connectionOfLet, emptyQuery, failUnclosed, refuseStagesAfter } from './query-errors.ts';
import { parseStages, type StageCount, type StageSyntaxes } from './stage-parser.ts';

/** `syntaxes`: the stages that the text may name. */
export function parseTree(text: string, syntaxes: StageSyntaxes, context: ParseContext): QueryTree {
  return new QueryParser(text, syntaxes, context).parse();
}

/** Options of the database's own EXPLAIN. */
const DATABASE_EXPLAIN = new Set('analyze verbose ( costs buffers format timing settings'.split(' '));

class QueryParser implements StageCount {
  readonly syntaxes: StageSyntaxes;
  stages = 0;
  taken: QueryNode[] = [];
  readonly #text: string;
  readonly #context: ParseContext;
  readonly #cursor: Cursor;
  readonly #settings: Settings = { pushdown: null };
  readonly #lets: LetNode[] = [];
  readonly #placeholders: ParameterUse[] = [];
  #depth = 0;

  constructor(text: string, syntaxes: StageSyntaxes, context: ParseContext) {
    this.#text = text;
    this.#context = context;
    this.syntaxes = syntaxes;
    this.#cursor = new Cursor(text, 0, {
      source: () => this.#stageSource(),
      engineSql: () => this.#engineSql(),
    });
  }

  parse(): QueryTree {
    try {
      return this.#tree();
    } catch (thrown) {
      throw namesLater(thrown, this.#text) ?? thrown;
    }
  }

  #tree(): QueryTree {
    let explain = this.#acceptExplain();
    const preludes = this.#preludes();
    if (preludes && !explain) explain = this.#acceptExplain();
    const query = this.#query(null);
    this.#end();
    refuseStagesAfter(query, this.#cursor);
    const { tokens } = this.#cursor;
    const inStages = tokens
      .filter(({ kind }) => kind === 'parameter')
      .map(({ text, start, end }) => ({ name: text, start, end }));
    return {
      text: this.#text,
      explain,
      pushdown: this.#settings.pushdown,
      lets: this.#lets,
      query,
      parameters: [...this.#placeholders, ...inStages],
      tokens,
    };
  }

  /** Ours, when what follows is more than SQL; else it is the database's. */
  #acceptExplain(): boolean {
    const at = this.#next();
    if (this.#word(at) !== 'explain') return false;
    const after = skipTrivia(this.#text, at + 'explain'.length, true);
    const word = this.#text[after] === '(' ? '(' : this.#word(after);
    if (word === '(' ? !this.#isQuery(after) : DATABASE_EXPLAIN.has(word)) return false;
    const ours =
      this.#lets.length > 0 ||
      this.#settings.pushdown !== null ||
      ['(', 'set', 'let'].includes(word) ||
      this.#text[after] === '@' ||
      scanSource(this.#text, after).pipe !== null;
    if (ours) this.#cursor.next();
    return ours;
  }

  /** Are there any? */
  #preludes(): boolean {
    let any = false;
    for (;;) {
      const word = this.#word(this.#next());
      if (word !== 'set' && word !== 'let') return any;
      any = true;
      if (word === 'set') parseSet(this.#cursor, this.#settings);
      else this.#lets.push(parseLet(this.#cursor, this.#lets, () => this.#bracketed(null)));
      this.#cursor.expectSymbol(';', `after \`${word} ...\``);
      this.#skipSemicolons();
    }
  }

  #end(): void {
    const cursor = this.#cursor;
    this.#skipSemicolons();
    if (cursor.peek().kind === 'end') return;
    const stages = cursor.isSymbol('|', '|>');
    throw new QueryError('multiple-statements', 'a query is one statement; another begins here', {
      span: cursor.here(),
      hint: stages ? 'the `;` before it ends the query: take it away' : 'send each as a query of its own',
    });
  }

  /** Between two of them stands an empty statement, which is none. */
  #skipSemicolons(): void {
    while (this.#cursor.acceptSymbol(';') !== null);
  }

  /** `source (| stage)*`; `connection`: of its SQL where that names none. */
  #query(connection: string | null): QueryNode {
    const start = this.#next();
    const source = this.#source(connection);
    const stages = parseStages(this.#cursor, this);
    // Brackets around a query mean the query.
    if (stages.length === 0 && source.kind === 'query') return source.query;
    return { source, stages, span: this.#cursor.spanFrom(start) };
  }

  #source(outer: string | null): SourceNode {
    const start = this.#next();
    const connection = this.#text[start] === '@' ? this.#connection() : outer;
    const at = this.#next();
    if (this.#text[at] === '(' && this.#isQuery(at)) {
      const query = this.#bracketed(connection);
      this.#expectSourceEnd();
      return { kind: 'query', query, span: this.#cursor.spanFrom(start) };
    }
    const definition = this.#letAt(at);
    if (definition === null) return this.#sql(connection);
    const name = this.#cursor.next();
    if (connection !== outer) throw connectionOfLet({ start, end: name.end }, name.text);
    return { kind: 'let', definition, span: { start: name.start, end: name.end } };
  }

  /** Takes `@name`. */
  #connection(): string {
    const { text, start, end } = this.#cursor.next();
    this.#context.dialectOf(text, { start, end });
    return text;
  }

  #sql(connection: string | null): SourceNode {
    const inBrackets = this.#depth > 0;
    const scanned = scanSource(this.#text, this.#next(), inBrackets);
    const { sqlStart, sqlEnd, pipe, placeholders } = scanned;
    const span = { start: sqlStart, end: sqlEnd };
    if (skipTrivia(this.#text, sqlStart, false) >= sqlEnd)
      throw emptyQuery(this.#cursor, inBrackets, pipe, sqlStart);
    const head = checkSourceHead(
      this.#text,
      sqlStart,
      sqlEnd,
      this.#lets.map(({ name }) => name),
    );
    if (!head.wrappable && inBrackets)
      throw new QueryError('unsupported', `\`${head.word}\` cannot stand in brackets`, {
        span: head.span,
        hint: 'send it as a query of its own',
      });
    this.#placeholders.push(...placeholders);
    this.#cursor.takeSql(span);
    if (!inBrackets && pipe !== null) this.#skipSemicolons();
    return { kind: 'sql', connection, scanned, head, span };
  }

  /** `( query )` */
  #bracketed(connection: string | null): QueryNode {
    const cursor = this.#cursor;
    const open = cursor.next();
    if (this.#depth === STAGE_LIMITS.queryNesting)
      throw new QueryError('nesting-too-deep', `queries nest deeper than ${this.#depth} levels`, {
        span: { start: open.start, end: open.end },
        hint: 'give parts of it names: `let name = (query);`',
        limit: stageLimit('queryNesting'),
      });
    this.#depth++;
    cursor.open();
    const query = this.#query(connection);
    if (!cursor.isSymbol(')')) failUnclosed(cursor, open);
    cursor.close();
    this.#depth--;
    cursor.next();
    return query;
  }

  /** What a stage takes: `name`, or `[@connection] (query)`. */
  #stageSource(): QueryNode {
    const cursor = this.#cursor;
    const first = cursor.peek();
    const connection = first.kind === 'connection' ? this.#connection() : null;
    const query = cursor.isSymbol('(') ? this.#bracketed(connection) : this.#letSource(first);
    this.taken.push(query);
    return query;
  }

  #letSource(first: Span): QueryNode {
    const cursor = this.#cursor;
    const token = cursor.peek();
    if (token.kind !== 'word' && token.kind !== 'quoted')
      cursor.fail('a source is expected here', 'write a query in brackets: `(select * from airports)`');
    if (READS.includes(token.lower)) cursor.refuse('a query stands in brackets here', 'write `(select ...)`');
    if (token !== first) throw connectionOfLet({ start: first.start, end: token.end }, token.text);
    const definition = findLet(this.#lets, token);
    cursor.next();
    const span = { start: token.start, end: token.end };
    return { source: { kind: 'let', definition, span }, stages: [], span };
  }

  #engineSql(): EngineSql {
    const cursor = this.#cursor;
    const open = cursor.expectSymbol('(', 'after `sql`');
    const { sqlStart, sqlEnd, pipe, placeholders } = scanSource(this.#text, this.#next(), true);
    const span = { start: sqlStart, end: sqlEnd };
    if (pipe !== null)
      throw new QueryError('syntax', '`sql` takes SQL without stages', {
        span: pipe,
        hint: 'close the bracket before the pipe; for bitwise or, write `(a | b)`',
      });
    this.#placeholders.push(...placeholders);
    cursor.takeSql(span);
    if (!cursor.isSymbol(')')) failUnclosed(cursor, open);
    cursor.next();
    return { span, placeholders };
  }

  /** Is the bracket at `at` one of ours? Only the SQL that it begins with is looked at. */
  #isQuery(at: number): boolean {
    let inside = at;
    // More brackets than this are an error either way; they are not looked at again for each of them.
    for (let open = 0; this.#text[inside] === '(' && open <= MAX_BRACKETS; open++)
      inside = skipTrivia(this.#text, inside + 1, true);
    if (this.#text[inside] === '@' || this.#letAt(inside) !== null) return true;
    return READS.includes(this.#word(inside)) && scanSource(this.#text, inside, true).pipe !== null;
  }

  /** The `let` that is meant by the word at `at`: nothing but a pipe, a bracket or the end may follow it. */
  #letAt(at: number): LetNode | null {
    if (this.#lets.length === 0) return null;
    const quoted = this.#text[at] === '"' || this.#text[at] === '`';
    const end = quoted ? this.#text.indexOf(this.#text[at]!, at + 1) + 1 : skipWord(this.#text, at);
    const name = quoted ? this.#text.slice(at + 1, end - 1) : this.#text.slice(at, end);
    const after = this.#text[skipTrivia(this.#text, end, true)];
    if (end <= at || (after !== undefined && !'|);'.includes(after))) return null;
    return this.#lets.find((candidate) => isLetName(candidate, name, quoted)) ?? null;
  }

  #expectSourceEnd(): void {
    if (!this.#cursor.atStageEnd())
      this.#cursor.fail(
        'a pipe is missing after the query in brackets',
        'stages follow a pipe: `(...) | head 10`',
      );
  }

  /** Offset of what comes next. */
  #next(): number {
    return skipTrivia(this.#text, this.#cursor.lastEnd, true);
  }

  #word(at: number): string {
    return this.#text.slice(at, skipWord(this.#text, at)).toLowerCase();
  }
}
