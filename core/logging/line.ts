/**
 * One log line: a JSON object on one line, its first eight keys always these and in this order, so that they can be
 * read from the bytes without parsing the rest. A *stream* is what one client writes in its life (a random id: pids
 * come again after a restart); `seq` counts its lines from 1 without gaps, except where `log-lines-dropped` says
 * so. Lines made from raw output have a stream of their own, whose seq is the byte offset of the line's end.
 */
import type { LogLevel } from './log.ts';
import { toPlain } from './plain.ts';
import { isSecretName, REDACTED, redactField } from './redact.ts';

export interface LogLine {
  /** ISO 8601 with milliseconds, UTC. */
  readonly time: string;
  readonly level: LogLevel;
  /** The workerId: `sql-3`. */
  readonly process: string;
  readonly role: string;
  /** null in raw output whose writer never connected to the logger. */
  readonly pid: number | null;
  readonly stream: string;
  readonly seq: number;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** The writer of a line. */
export interface LineSource {
  readonly process: string;
  readonly role: string;
  readonly pid: number | null;
  readonly stream: string;
}

/** The fields at the beginning of a line. */
export interface LineStamp extends LineSource {
  readonly time: string;
  readonly level: string;
  readonly seq: number;
  readonly event: string;
}

const RESERVED: ReadonlySet<string> = new Set([
  'time',
  'level',
  'process',
  'role',
  'pid',
  'stream',
  'seq',
  'event',
]);
/** Put before a field's name that would collide with one of the eight. */
const PREFIX = 'field_';
/** Longest `fields` part of a line, in characters; a longer one is cut into one `text` that says so. */
const MAX_FIELDS = 256 * 1024;
const MAX_CACHED_KEYS = 500;

export type LineFormatter = (
  level: LogLevel,
  event: string,
  fields: object | undefined,
  seq: number,
) => string;

/** A function that makes lines (without the line end). It never throws. `now` is in Unix ms. */
export function createLineFormatter(source: LineSource, now: () => number = Date.now): LineFormatter {
  const head =
    `,"process":${JSON.stringify(source.process)},"role":${JSON.stringify(source.role)}` +
    `,"pid":${source.pid},"stream":"${source.stream}","seq":`;
  let timeMs = -1;
  let time = '';
  return (level, event, fields, seq) => {
    const nowMs = now();
    if (nowMs !== timeMs) {
      timeMs = nowMs;
      time = new Date(nowMs).toISOString();
    }
    const start = `{"time":"${time}","level":"${level}"${head}${seq},"event":${JSON.stringify(event)}`;
    return fields === undefined ? `${start}}` : `${start}${fieldsJson(fields)}}`;
  };
}

const keyCache = new Map<string, { readonly json: string; readonly secret: boolean }>();

function keyOf(name: string): { readonly json: string; readonly secret: boolean } {
  const known = keyCache.get(name);
  if (known !== undefined) return known;
  const written = RESERVED.has(name) || name.startsWith(PREFIX) ? PREFIX + name : name;
  const key = { json: `,${JSON.stringify(written)}:`, secret: isSecretName(name) };
  if (keyCache.size < MAX_CACHED_KEYS) keyCache.set(name, key);
  return key;
}

/** `,"a":1,"b":"x"`: what follows the eight. */
function fieldsJson(fields: object): string {
  try {
    const flat = fields instanceof Error || Array.isArray(fields) ? { [nameOf(fields)]: fields } : fields;
    let json = '';
    for (const name of Object.keys(flat)) {
      const key = keyOf(name);
      const value = key.secret ? `"${REDACTED}"` : valueJson(name, (flat as Record<string, unknown>)[name]);
      if (value !== undefined) json += key.json + value;
    }
    return json.length > MAX_FIELDS ? oversize(json) : json;
  } catch {
    // A field whose getter throws: logging must never fail its caller, and the line says what is missing.
    return ',"fields":"[unreadable]"';
  }
}

function nameOf(fields: object): string {
  return fields instanceof Error ? 'error' : 'items';
}

function oversize(json: string): string {
  const text = JSON.stringify(json.slice(1, MAX_FIELDS / 4));
  return `,"oversize":true,"characters":${json.length},"text":${text}`;
}

function valueJson(name: string, value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(redactField(name, value));
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      return numbersOnly(value) ?? JSON.stringify(toPlain(value));
  }
}

const MAX_NUMBERS = 20;

/** JSON of an object with nothing in it but numbers, as the phases in each query's line are; null: it is another value. */
function numbersOnly(value: unknown): string | null {
  try {
    return numbersJson(value);
  } catch {
    return null; // a getter that throws, which toPlain tells apart
  }
}

function numbersJson(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return null;
  const names = Object.keys(value);
  if (names.length > MAX_NUMBERS) return null;
  for (const name of names) {
    const number = (value as Record<string, unknown>)[name];
    if (typeof number !== 'number' || !Number.isFinite(number) || keyOf(name).secret) return null;
  }
  return JSON.stringify(value);
}

const STAMP =
  /^\{"time":"([^"]{24})","level":"(\w+)","process":"([^"]*)","role":"([^"]*)","pid":(\d+|null),"stream":"([^"]*)","seq":(\d+),"event":"([^"]*)/;
const STAMP_BYTES = 512;

/** The stamp of a line of ours; null for anything else. Looks at the first bytes only. */
export function readStamp(line: Buffer): LineStamp | null {
  const match = STAMP.exec(line.toString('latin1', 0, STAMP_BYTES));
  if (match === null) return null;
  const [, time, level, process, role, pid, stream, seq, event] = match;
  return {
    time: time!,
    level: level!,
    process: process!,
    role: role!,
    pid: pid === 'null' ? null : Number(pid),
    stream: stream!,
    seq: Number(seq),
    event: event!,
  };
}

/** A fresh stream id: 8 characters of [0-9a-z]. */
export function newStreamId(): string {
  let id = '';
  while (id.length < 8) id += Math.floor(Math.random() * 36).toString(36);
  return id;
}

const NEWLINE = 0x0a;

/** Calls `visit` with each line of `lines`, its line end included; `start` is its offset. */
export function eachLine(lines: Buffer, visit: (line: Buffer, start: number) => void): void {
  for (let start = 0; start < lines.length; ) {
    const newline = lines.indexOf(NEWLINE, start);
    const end = newline === -1 ? lines.length : newline + 1;
    visit(lines.subarray(start, end), start);
    start = end;
  }
}
