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
import type { Lexical } from '../../dialects/lexical.ts';
import { checkSourceHead } from '../../source/head.ts';
import { MAX_BRACKETS, type ParameterUse, scanSource } from '../../source/lexer.ts';
import { skipSqlTrivia, skipWord } from '../../source/scan.ts';
import type { ParseContext } from '../frontend.ts';
import type { LetNode, QueryNode, QueryTree, SourceNode } from '../query-tree.ts';
import { Cursor, type EngineSql } from './cursor.ts';
import {
  findLet,
  isLet,
  isModelAt,
  letAt,
  namesLater,
  parseLet,
  parseSet,
  type Settings,
} from './preludes.ts';
import {
  connectionOfLet,
  emptyQuery,
  expectSourceEnd,
  failUnclosed,
  refuseStagesAfter,
} from './query-errors.ts';
import { parseStages, type StageCount, type StageSyntaxes } from './stage-parser.ts';
import type { Token } from './token.ts';
import { skipTrivia } from './trivia.ts';

/** The tree, with what only this language's own tools need of its text. */
export interface ForklineTree extends QueryTree {
  /** All of the text but comments; SQL is one token of kind `sql`. */
  readonly tokens: readonly Token[];
}

/** `syntaxes`: the stages that the text may name. */
export function parseForkline(text: string, syntaxes: StageSyntaxes, context: ParseContext): ForklineTree {
  return new QueryParser(text, syntaxes, context).parse();
}

/** The connection that SQL is for, and the rules by which it is scanned. */
interface Target {
  /** The name of the connection; null: the one of the request. */
  readonly connection: string | null;
  readonly lexical: Lexical;
}

class QueryParser implements StageCount {
  readonly syntaxes: StageSyntaxes;
  stages = 0;
  taken: QueryNode[] = [];
  readonly #text: string;
  readonly #context: ParseContext;
  readonly #usual: Target;
  readonly #cursor: Cursor;
  readonly #settings: Settings = { pushdown: null, cache: null };
  readonly #lets: LetNode[] = [];
  readonly #placeholders: ParameterUse[] = [];
  #depth = 0;

  constructor(text: string, syntaxes: StageSyntaxes, context: ParseContext) {
    this.#text = text;
    this.#context = context;
    this.#usual = { connection: null, lexical: context.usual };
    this.syntaxes = syntaxes;
    this.#cursor = new Cursor(text, 0, {
      source: () => this.#stageSource(),
      engineSql: () => this.#engineSql(),
    });
  }

  parse(): ForklineTree {
    try {
      return this.#tree();
    } catch (thrown) {
      throw namesLater(thrown, this.#text) ?? thrown;
    }
  }

  #tree(): ForklineTree {
    let explain = this.#acceptExplain();
    const preludes = this.#preludes();
    if (preludes && !explain) explain = this.#acceptExplain();
    const query = this.#query(this.#usual);
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
      ...(this.#settings.cache !== null && { cache: this.#settings.cache }),
      lets: this.#lets,
      query,
      parameters: [...this.#placeholders, ...inStages],
      tokens,
    };
  }

  /** Ours, when what follows is more than SQL; else it is the database's. */
  #acceptExplain(): boolean {
    const { lexical } = this.#usual;
    const at = this.#next();
    if (this.#word(at) !== 'explain') return false;
    const after = skipTrivia(this.#text, at + 'explain'.length);
    const word = this.#text[after] === '(' ? '(' : this.#word(after);
    if (word === '(' ? !this.#isQuery(after, lexical) : lexical.words.explainOptions.includes(word))
      return false;
    const ours =
      this.#lets.length > 0 ||
      this.#settings.pushdown !== null ||
      this.#settings.cache !== null ||
      ['(', 'set', 'let'].includes(word) ||
      this.#text[after] === '@' ||
      scanSource(this.#text, after, lexical).pipe !== null;
    if (ours) this.#cursor.next();
    return ours;
  }

  /** Reads the preludes; says whether there were any. */
  #preludes(): boolean {
    let any = false;
    for (;;) {
      const word = this.#word(this.#next());
      if (word !== 'set' && word !== 'let') return any;
      any = true;
      if (word === 'set') parseSet(this.#cursor, this.#settings);
      else this.#lets.push(parseLet(this.#cursor, this.#lets, () => this.#bracketed(this.#usual)));
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

  /** `source (| stage)*`; `target`: of its SQL where that names none. */
  #query(target: Target): QueryNode {
    const start = this.#next();
    const source = this.#source(target);
    const stages = parseStages(this.#cursor, this);
    // Brackets around a query mean the query.
    if (stages.length === 0 && source.kind === 'query') return source.query;
    return { source, stages, span: this.#cursor.spanFrom(start) };
  }

  #source(outer: Target): SourceNode {
    const start = this.#next();
    const target = this.#text[start] === '@' ? this.#target() : outer;
    const at = this.#next();
    if (this.#text[at] === '(' && this.#isQuery(at, target.lexical)) {
      const query = this.#bracketed(target);
      expectSourceEnd(this.#cursor);
      return { kind: 'query', query, span: this.#cursor.spanFrom(start) };
    }
    const definition = letAt(this.#text, at, this.#lets);
    if (definition === null && !isModelAt(this.#text, at, this.#context)) return this.#sql(target);
    const name = this.#cursor.next();
    const span = { start: name.start, end: name.end };
    if (target !== outer) throw connectionOfLet({ start, end: name.end }, name.text);
    return definition === null
      ? { kind: 'model', name: name.text, span }
      : this.#letSourceNode(definition, span);
  }

  /** Takes `@name`. */
  #target(): Target {
    const { text, start, end } = this.#cursor.next();
    return { connection: text, lexical: this.#context.lexicalOf(text, { start, end }) };
  }

  #sql({ connection, lexical }: Target): SourceNode {
    const inBrackets = this.#depth > 0;
    const scanned = scanSource(this.#text, this.#next(), lexical, inBrackets);
    const { sqlStart, sqlEnd, pipe, placeholders } = scanned;
    const span = { start: sqlStart, end: sqlEnd };
    if (skipSqlTrivia(this.#text, sqlStart, lexical) >= sqlEnd)
      throw emptyQuery(this.#cursor, inBrackets, pipe, sqlStart);
    const head = checkSourceHead(
      this.#text,
      sqlStart,
      sqlEnd,
      lexical,
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
    return { kind: 'sql', connection, placeholders, head, span };
  }

  /** `( query )` */
  #bracketed(target: Target): QueryNode {
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
    const query = this.#query(target);
    if (!cursor.isSymbol(')')) failUnclosed(cursor, open);
    cursor.close();
    this.#depth--;
    cursor.next();
    return query;
  }

  /** Parses the query that a stage takes: `name`, or `[@connection] (query)`. */
  #stageSource(): QueryNode {
    const cursor = this.#cursor;
    const first = cursor.peek();
    const target = first.kind === 'connection' ? this.#target() : this.#usual;
    const query = cursor.isSymbol('(') ? this.#bracketed(target) : this.#letSource(first);
    this.taken.push(query);
    return query;
  }

  #letSource(first: Span): QueryNode {
    const cursor = this.#cursor;
    const token = cursor.peek();
    if (token.kind !== 'word' && token.kind !== 'quoted')
      cursor.fail('a source is expected here', 'write a query in brackets: `(select * from airports)`');
    if (this.#usual.lexical.words.reads.includes(token.lower))
      cursor.refuse('a query stands in brackets here', 'write `(select ...)`');
    if (token !== first) throw connectionOfLet({ start: first.start, end: token.end }, token.text);
    const span = { start: token.start, end: token.end };
    const isModel = !isLet(this.#lets, token) && this.#context.mayBeModel?.(token.text) === true;
    const source: SourceNode = isModel
      ? { kind: 'model', name: token.text, span }
      : this.#letSourceNode(findLet(this.#lets, token), span);
    cursor.next();
    return { source, stages: [], span };
  }

  #engineSql(): EngineSql {
    const cursor = this.#cursor;
    const open = cursor.expectSymbol('(', 'after `sql`');
    const { sqlStart, sqlEnd, pipe, placeholders } = scanSource(
      this.#text,
      this.#next(),
      this.#context.engine,
      true,
    );
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

  #letSourceNode(definition: number, span: Span): SourceNode {
    return { kind: 'let', definition, name: this.#lets[definition]!.name, span };
  }

  /** Says whether the bracket at `at` is one of ours. Only the SQL that it begins with is looked at. */
  #isQuery(at: number, lexical: Lexical): boolean {
    let inside = at;
    // More brackets than this are an error either way; they are not looked at again for each of them.
    for (let open = 0; this.#text[inside] === '(' && open <= MAX_BRACKETS; open++)
      inside = skipTrivia(this.#text, inside + 1);
    if (this.#text[inside] === '@' || letAt(this.#text, inside, this.#lets) !== null) return true;
    if (isModelAt(this.#text, inside, this.#context)) return true;
    return (
      lexical.words.reads.includes(this.#word(inside)) &&
      scanSource(this.#text, inside, lexical, true).pipe !== null
    );
  }

  /** Offset of what comes next. */
  #next(): number {
    return skipTrivia(this.#text, this.#cursor.lastEnd);
  }

  #word(at: number): string {
    return this.#text.slice(at, skipWord(this.#text, at)).toLowerCase();
  }
}
