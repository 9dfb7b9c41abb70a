/**
 * The legacy language: a first command that gives rows, then commands that change them. A command becomes stages of ours only when
 * the columns that reach it are known, so that the tree holds it as it was read, and lower.ts makes stages of it.
 */

import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { SourceSegment } from '../../../core/protocol/plan.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import { quoteName } from '../../dialects/quoting.ts';
import type { LetNode, QueryNode, QueryTree, SourceNode, StageNode } from '../query-tree.ts';
import type { LegacySyntax } from './command.ts';
import { LegacyCursor, type LegacySources, type Searched } from './cursor.ts';

import { modelRowsText, rowsText } from './making.ts';
import { parseModel } from './model-options.ts';
import { readOptions } from './options.ts';
import { readPrelude } from './prelude.ts';
import { commandOf, findCommand, formOf, insteadOf, unknownCommand } from './registry.ts';
import { segments } from './segments.ts';
import { copiedName, copiedSql } from './sql-places.ts';

/** The name of a stage that holds a command of the legacy language. */
export const LEGACY_STAGE = 'legacy';

export interface LegacyRequest {
  /** The model that `*` and bare conditions read; null: there is none. */
  readonly model: string | null;
  readonly connections: readonly string[];
  /** The SQL that lists the tables of the request's connection, in the column `name`. */
  readonly tablesSql: string;
  /** Says whether a name may be that of a model; left out: there are none. */
  readonly mayBeModel?: ((name: string) => boolean) | undefined;
  /** Returns the column by which dates choose rows of a model; null: the first that has dates. */
  readonly timeOf?: ((name: string) => string | null) | undefined;
}

export function parseLegacy(text: string, request: LegacyRequest): QueryTree {
  return new LegacyParser(text, request).parse();
}

const STARTS = ['model', 'db', 'mkdata', 'modeldata', 'model-stats', 'model-statsdetails', 'model-timeline'];

class LegacyParser implements LegacySources {
  readonly #text: string;
  readonly #request: LegacyRequest;
  readonly #lets: LetNode[] = [];
  #source: SourceNode | null = null;
  /** The error to throw when no command gives rows. */
  #missing: QueryError | null = null;
  #stages: StageNode[] = [];
  #searched: Searched = { from: null, to: null, time: null };
  /** The queries beside the command that is being read. */
  #sides: QueryNode[] = [];

  constructor(text: string, request: LegacyRequest) {
    this.#text = text;
    this.#request = request;
  }

  parse(): QueryTree {
    const { end, explain, pushdown } = readPrelude(this.#text);
    const parts = segments(this.#text, end);
    for (const [index, span] of parts.entries()) this.#segment(span, index === 0, parts.length);
    if (this.#source === null) throw this.#missing!;
    const source = this.#source;
    const span = { start: parts[0]!.start, end: parts.at(-1)!.end };
    return {
      text: this.#text,
      explain,
      pushdown,
      lets: this.#lets,
      query: { source, stages: this.#stages, span },
      parameters: [],
    };
  }

  #segment(span: Span, first: boolean, count: number): void {
    const { word, end } = this.#head(span);
    if (span.start >= span.end && !(first && count > 1 && this.#request.model !== null))
      throw new QueryError('syntax', first ? 'the query is empty' : 'a command is missing beside this pipe', {
        span: { start: Math.max(0, span.start - 1), end: Math.max(1, span.start) },
        hint: 'write `model name = M | stats count(*)`',
      });
    const starts = STARTS.includes(word) && !this.#isColumn(end, span);
    if (starts) {
      this.#start(word, span, end);
      return;
    }
    if (first) this.#readModel(span);
    const known = findCommand(word);
    const isCommand = known !== null && !this.#isColumn(end, span);
    if (isCommand) {
      this.#command(word, span, end);
      return;
    }
    const instead = insteadOf(word, { start: span.start, end });
    if (instead !== null) throw instead;
    if (first && word.startsWith('model-')) throw unknownCommand(word, { start: span.start, end });
    if (first) {
      this.#command('search', span, span.start);
      return;
    }
    if (!this.#looksLikeCondition(span, end))
      throw unknownCommand(word || this.#text[span.start]!, {
        start: span.start,
        end: Math.max(end, span.start + 1),
      });
    this.#command('where', span, span.start);
  }

  /** The word that the segment begins with, in lower case; `model-stats` and its like are one. */
  #head({ start, end }: Span): { readonly word: string; readonly end: number } {
    const found = /^(?:model-\w+|[\p{L}_][\p{L}\p{N}_]*)/u.exec(this.#text.slice(start, end))?.[0] ?? '';
    return { word: found.toLowerCase(), end: start + found.length };
  }

  /** `top = 5`: a column that is called like a command. */
  #isColumn(after: number, { end }: Span): boolean {
    return /^\s*(?:[<>!]|=(?!\s*(?:col|idx)\b)|is\s+(?:not\s+)?null\b|(?:not\s+)?(?:in\s*\(|like\s*['"]|between\s))/iu.test(
      this.#text.slice(after, end),
    );
  }

  #looksLikeCondition({ start, end }: Span, head: number): boolean {
    const rest = this.#text.slice(head, end);
    return (
      this.#isColumn(head, { start, end }) ||
      /^\s*[+\-/%*.]/u.test(rest) ||
      /^(?:not\b|\(|`|\*|['"\d])/iu.test(this.#text.slice(start, end))
    );
  }

  #readModel(span: Span): void {
    const { model } = this.#request;
    if (model === null) {
      this.#missing = new QueryError('unknown-source', 'the query names no model, and the request neither', {
        span: { start: span.start, end: Math.max(span.start + 1, Math.min(span.end, span.start + 20)) },
        hint: 'begin with `model name = M |`, or send "model" with the request',
      });
      return;
    }
    this.#searched = { from: null, to: null, time: this.timeOf(model) };
    this.#source = this.#tableOrModel(model, span);
  }

  /** A model of the catalogue, or the table of that name. */
  #tableOrModel(name: string, span: Span): SourceNode {
    if (this.#request.mayBeModel?.(name) === true) return { kind: 'model', name, span };
    const sql = `select * from ${quoteName(name)}`;
    return this.#sqlNode(null, sql, span, copiedName(sql, name, this.#text, span));
  }

  /** A command that gives rows of its own; what stands before it counts for nothing. */
  #start(word: string, span: Span, from: number): void {
    this.#searched = { from: null, to: null, time: null };
    this.#stages = [];
    const cursor = new LegacyCursor(this.#text, span, from, formOf(word), this);
    if (word === 'model' && cursor.acceptWord('list') !== null) {
      cursor.finish();
      this.#source = this.#sqlNode(null, this.#request.tablesSql, span);
    } else if (word === 'db') {
      const options = readOptions(cursor);
      const connection = options.connection(this);
      const { text, span: place } = options.needed('sql');
      options.refuseOthers();
      this.#source = this.#sqlNode(connection, text, place, copiedSql(text, this.#text, place));
    } else if (word === 'mkdata') this.#source = this.#sqlNode(null, rowsText(cursor), span);
    else if (word === 'modeldata') this.#source = this.#sqlNode(null, modelRowsText(cursor), span);
    else this.#model(word, span, from);
  }

  #model(word: string, span: Span, from: number): void {
    const form = word === 'model' ? 'model name = M [start_date = t] [CONDITION]' : commandOf(word).form;
    this.#sides = [];
    const cursor = new LegacyCursor(this.#text, span, from, form, this);
    const syntax = parseModel(cursor);
    cursor.finish();
    if (word === 'model-statsdetails' && syntax.field === null)
      commandOf(word).parse(new LegacyCursor(this.#text, span, from, form, this));
    this.#lets.pop();
    this.#source = this.#tableOrModel(syntax.name, syntax.nameSpan);
    this.#searched = syntax;
    this.#sides = [];
    const plain =
      word === 'model' &&
      syntax.condition === null &&
      syntax.from === null &&
      syntax.to === null &&
      syntax.size === null &&
      syntax.share === null;
    if (!plain) this.#add({ command: word, syntax }, span);
  }

  #command(word: string, span: Span, from: number): void {
    const definition = commandOf(word);
    this.#sides = [];
    const cursor = new LegacyCursor(this.#text, span, from, definition.form, this);
    const syntax = definition.parse(cursor);
    cursor.finish();
    this.#add({ command: word, syntax }, span);
  }

  #add(syntax: LegacySyntax, span: Span): void {
    const index = this.#stages.length + 1;
    this.#stages.push({ index, name: LEGACY_STAGE, syntax, sources: this.#sides, span });
    this.#sides = [];
  }

  #sqlNode(
    connection: string | null,
    sql: string,
    place: Span,
    segments: readonly SourceSegment[] = [],
  ): SourceNode {
    const head = { word: 'select', span: place, wrappable: true };
    return {
      kind: 'sql',
      connection,
      text: sql,
      place,
      segments,
      placeholders: [],
      head,
      span: { start: 0, end: sql.length },
    };
  }

  model(name: string, span: Span): number {
    return this.#side(this.#tableOrModel(name, span), span);
  }

  searched(): Searched {
    return this.#searched;
  }

  timeOf(name: string): string | null {
    return this.#request.timeOf?.(name) ?? null;
  }

  sql(connection: string | null, sql: string, span: Span): number {
    return this.#side(this.#sqlNode(connection, sql, span, copiedSql(sql, this.#text, span)), span);
  }

  #side(source: SourceNode, span: Span): number {
    const query: QueryNode = { source, stages: [], span };
    const definition = this.#lets.length;
    const name = `source${definition + 1}`;
    this.#lets.push({ name, nameSpan: span, query });
    this.#sides.push({ source: { kind: 'let', definition, name, span }, stages: [], span });
    return this.#sides.length - 1;
  }

  /** `main` and the first id mean the connection of the request, until connections have aliases. */
  connectionOf(_option: string, value: string, span: Span): string | null {
    const { connections } = this.#request;
    if (connections.includes(value)) return value;
    if (value === 'main' || value === '00000000-0000-4000-8000-000000000001') return null;
    const suggestions = suggest(value, connections);
    throw new QueryError('unknown-connection', `there is no connection \`${value}\``, {
      span,
      hint: didYouMean(suggestions) ?? `the connections are ${connections.join(', ')}`,
      suggestions,
    });
  }
}
