/**
 * Checks the lines of an audit, oldest first: that each is as it was written, that none is missing, moved or inserted, and that
 * every line of each writer reached the file. Pure: whoever calls it reads the files.
 */
import { type ChainHead, EMPTY_CHAIN, readSeal } from './chain.ts';

export interface AuditProblem {
  /** The place, as `file:line`. */
  readonly where: string;
  readonly problem: string;
}

export interface AuditReport {
  readonly lines: number;
  readonly firstN: number | null;
  /** null: there is no line. */
  readonly head: ChainHead | null;
  /** Queries that have a beginning and no end: they run now, or their server died. */
  readonly unended: number;
  readonly problems: readonly AuditProblem[];
}

export interface VerifyOptions {
  /** Whether older files may be gone, because the configuration removes them. */
  readonly mayBeginLate: boolean;
  /** A head that was kept elsewhere, which the chain must contain. */
  readonly expected: ChainHead | null;
}

/** More are counted, not listed: one change breaks a line and the next, a removed file breaks little more. */
const MAX_PROBLEMS = 100;

interface Record {
  readonly stream?: unknown;
  readonly seq?: unknown;
  readonly event?: unknown;
  readonly queryId?: unknown;
}

export class AuditVerifier {
  readonly #options: VerifyOptions;
  readonly #problems: AuditProblem[] = [];
  /** The last seq of each writer. */
  readonly #seqs = new Map<string, number>();
  readonly #open = new Set<string>();
  #lines = 0;
  #firstN: number | null = null;
  #head: ChainHead | null = null;
  #metExpected = false;
  #omitted = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  /** Takes the next line, without its line end. */
  add(line: string, where: string): void {
    this.#lines++;
    const seal = readSeal(line);
    if (seal === null) {
      this.#problem(where, 'the line has no seal: it is damaged, or nobody but another program wrote it');
      return;
    }
    if (seal.found !== seal.hash) this.#problem(where, `line ${seal.n} was changed: its hash is another one`);
    this.#checkOrder(seal, where);
    const { expected } = this.#options;
    if (expected !== null && expected.n === seal.n) {
      this.#metExpected = true;
      if (expected.hash !== seal.hash)
        this.#problem(
          where,
          `line ${seal.n} has another hash than the head that was kept: lines were written anew`,
        );
    }
    this.#head = { n: seal.n, hash: seal.hash };
    this.#checkRecord(line, where);
  }

  finish(): AuditReport {
    const { expected } = this.#options;
    if (expected !== null && !this.#metExpected)
      this.#problem('the end', `line ${expected.n}, whose head was kept, is not here: the end was cut off`);
    if (this.#omitted > 0)
      this.#problems.push({ where: 'the end', problem: `${this.#omitted} more problems` });
    return {
      lines: this.#lines,
      firstN: this.#firstN,
      head: this.#head,
      unended: this.#open.size,
      problems: this.#problems,
    };
  }

  #checkOrder({ n, prev }: { readonly n: number; readonly prev: string }, where: string): void {
    const before = this.#head;
    if (before === null) {
      this.#firstN = n;
      if (n === 1 && prev !== EMPTY_CHAIN.hash) this.#problem(where, 'the first line follows another one');
      if (n !== 1 && !this.#options.mayBeginLate)
        this.#problem(where, `the first line here is line ${n}: ${n - 1} before it are missing`);
      return;
    }
    if (n !== before.n + 1)
      this.#problem(where, `line ${n} follows line ${before.n}: ${gapText(before.n, n)}`);
    else if (prev !== before.hash)
      this.#problem(where, `line ${n} follows another line ${before.n} than the one that is here`);
  }

  #checkRecord(line: string, where: string): void {
    let record: Record;
    try {
      record = JSON.parse(line) as Record;
    } catch {
      this.#problem(where, 'the line is no JSON');
      return;
    }
    this.#checkSeq(record, where);
    const { event, queryId } = record;
    if (typeof queryId !== 'string') return;
    if (event === 'query-begin') this.#open.add(queryId);
    else if (event === 'query-end') this.#open.delete(queryId);
  }

  /** A writer numbers its lines from 1 as well: a gap there is a line that never reached the file. */
  #checkSeq({ stream, seq }: Record, where: string): void {
    if (typeof stream !== 'string' || typeof seq !== 'number') return;
    const last = this.#seqs.get(stream);
    this.#seqs.set(stream, seq);
    const mayMiss = last === undefined && this.#options.mayBeginLate;
    const expected = (last ?? 0) + 1;
    if (seq === expected || mayMiss) return;
    const missing =
      seq > expected ? `${seq - expected} lines of their writer never reached the file` : 'it is here twice';
    this.#problem(where, `${missing} (stream ${stream}, seq ${seq} after ${expected - 1})`);
  }

  #problem(where: string, problem: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ where, problem });
    else this.#omitted++;
  }
}

function gapText(before: number, n: number): string {
  if (n <= before) return 'lines were moved or are here twice';
  return n - before === 2 ? 'one line is missing' : `${n - before - 1} lines are missing`;
}
