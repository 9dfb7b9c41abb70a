/**
 * Dates, timestamps and intervals. The wire counts days and microseconds from 2000-01-01, the engine from 1970-01-01. What the engine or our rules have no
 * value for is a bad-value error that quotes it: years before Christ, moments after the engine's last, infinite intervals.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import { BatchForm } from '../../../core/protocol/wire-rows.ts';
import type { BatchColumn } from './batch.ts';
import { FixedColumn } from './column.ts';
import { CHUNK_ROWS, type Fields } from './fields.ts';
import { invalidValue } from './invalid-value.ts';
import { momentText } from './moment-text.ts';

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);
const WORD = 2 ** 32;

/** Days from 1970-01-01 to 2000-01-01. */
const EPOCH_DAYS = 10_957;
/** 0001-01-01. */
const FIRST_DATE = -730_119;
/** 0001-01-01 00:00:00, in microseconds. */
const FIRST_MOMENT = BigInt(FIRST_DATE) * 86_400_000_000n;
const FIRST_MOMENT_HIGH = Number(FIRST_MOMENT >> 32n);
const FIRST_MOMENT_LOW = Number(FIRST_MOMENT & 0xffff_ffffn);
/** Microseconds from 1970-01-01 to 2000-01-01, in two words. */
const EPOCH_HIGH = 220_417;
const EPOCH_LOW = 993_517_568;
/** The greatest int64 stands for infinity: the last moment is one before it. */
const LAST_LOW = WORD - 2;

/** DATE. */
export class DateColumn extends FixedColumn {
  readonly #days: Int32Array;

  constructor(name: string) {
    super(name, 4);
    this.#days = new Int32Array(this.values);
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length !== 4) {
        this.readAbsent(row + index, length);
        continue;
      }
      const days = view.getInt32(starts[first + index]!);
      this.#days[row + index] =
        days >= FIRST_DATE && days < INT32_MAX - EPOCH_DAYS ? days + EPOCH_DAYS : this.#unusual(days);
    }
  }

  protected override get forms(): readonly BatchForm[] {
    return [BatchForm.int32];
  }

  protected override readValues(column: BatchColumn, row: number): void {
    this.copyBatch(column, row);
  }

  #unusual(days: number): number {
    if (days === INT32_MAX) return INT32_MAX;
    if (days === INT32_MIN) return -INT32_MAX;
    if (days > 0) throw invalidValue(this.name, momentText(BigInt(days) * 86_400_000_000n, 'date'), 'date');
    throw beforeChrist(this.name, 'date');
  }
}

type MomentKind = 'timestamp' | 'timestamptz';

/** TIMESTAMP and TIMESTAMPTZ. */
export class MomentColumn extends FixedColumn {
  readonly #kind: MomentKind;
  readonly #words: Int32Array;

  constructor(name: string, kind: MomentKind) {
    super(name, 8);
    this.#kind = kind;
    this.#words = new Int32Array(this.values);
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const words = this.#words;
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length !== 8) {
        this.readAbsent(row + index, length);
        continue;
      }
      const start = starts[first + index]!;
      const high = view.getInt32(start);
      const low = view.getUint32(start + 4);
      const sum = low + EPOCH_LOW;
      const at = 2 * (row + index);
      words[at] = sum;
      words[at + 1] = high + EPOCH_HIGH + (sum >= WORD ? 1 : 0);
      // Whole ranges of the high word hold nothing unusual.
      if (high <= FIRST_MOMENT_HIGH || high >= INT32_MAX - EPOCH_HIGH - 1) this.#check(high, low, at);
    }
  }

  protected override get forms(): readonly BatchForm[] {
    return [BatchForm.eightBytes];
  }

  protected override readValues(column: BatchColumn, row: number): void {
    this.copyBatch(column, row);
  }

  #check(high: number, low: number, at: number): void {
    if (high < FIRST_MOMENT_HIGH || (high === FIRST_MOMENT_HIGH && low < FIRST_MOMENT_LOW)) {
      if (high !== INT32_MIN || low !== 0) throw this.#beforeChrist(high, low);
      this.#set(at, -INT32_MAX - 1, 1);
    } else if (high === INT32_MAX && low === WORD - 1) this.#set(at, INT32_MAX, low);
    else if (isAfterLast(high, low)) throw this.#invalid(high, low);
  }

  #set(at: number, high: number, low: number): void {
    this.#words[at] = low;
    this.#words[at + 1] = high;
  }

  #beforeChrist(high: number, low: number): QueryError {
    return this.#kind === 'timestamptz' ? beforeChrist(this.name, 'moment') : this.#invalid(high, low);
  }

  #invalid(high: number, low: number): QueryError {
    const micros = (BigInt(high) << 32n) | BigInt(low);
    return invalidValue(this.name, momentText(micros, this.#kind), this.#kind);
  }
}

/** Says whether the moment is after the last one that the engine can count to. */
function isAfterLast(high: number, low: number): boolean {
  const sum = low + EPOCH_LOW;
  const carried = high + EPOCH_HIGH + (sum >= WORD ? 1 : 0);
  return carried > INT32_MAX || (carried === INT32_MAX && sum % WORD > LAST_LOW);
}

/** INTERVAL: months, days and microseconds, in another order. */
export class IntervalColumn extends FixedColumn {
  readonly #words: Int32Array;

  constructor(name: string) {
    super(name, 16);
    this.#words = new Int32Array(this.values);
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const words = this.#words;
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length !== 16) {
        this.readAbsent(row + index, length);
        continue;
      }
      const start = starts[first + index]!;
      const months = view.getInt32(start + 12);
      const at = 4 * (row + index);
      words[at] = months;
      words[at + 1] = view.getInt32(start + 8);
      words[at + 2] = view.getInt32(start + 4);
      words[at + 3] = view.getInt32(start);
      if (months === INT32_MAX || months === INT32_MIN) this.#checkFinite(view, start, months);
    }
  }

  /** An infinite interval has the extreme in each of its three parts. */
  #checkFinite(view: DataView, start: number, months: number): void {
    const isInfinite =
      view.getInt32(start + 8) === months &&
      view.getBigInt64(start) === (months > 0 ? 2n ** 63n - 1n : -(2n ** 63n));
    if (isInfinite) throw invalidValue(this.name, months > 0 ? 'infinity' : '-infinity', 'interval');
  }
}

function beforeChrist(name: string, what: 'date' | 'moment'): QueryError {
  return new QueryError(
    'bad-value',
    `column ${name} holds a ${what} before Christ; cast it to text in the SQL`,
  );
}
