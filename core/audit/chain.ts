/**
 * The chain of the audit's lines. Each line ends with its number (`n`, from 1 without gaps), the hash of the line before
 * (`prev`), and the SHA-256 of all that stands before its own hash. Whoever changes, removes or inserts a line must make
 * every later one anew, and then the last hash is another one than was sent elsewhere.
 */
import { hash } from 'node:crypto';

/** The last line of a chain, which stands for all before it. */
export interface ChainHead {
  readonly n: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** The head of a chain without lines. */
export const EMPTY_CHAIN: ChainHead = { n: 0, hash: '0'.repeat(64) };

/** A line of an audit file as it was read. */
export interface SealedLine extends ChainHead {
  readonly prev: string;
  /** The hash that the line's text really has. */
  readonly found: string;
}

const SEAL = /,"n":(\d{1,15}),"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;
const HASH_PART = ',"hash":"'.length + 64 + '"}'.length;

/** Seals a line: a JSON object without its line end. */
export function sealLine(
  line: string,
  before: ChainHead,
): { readonly line: string; readonly head: ChainHead } {
  const n = before.n + 1;
  const body = `${line.slice(0, -1)},"n":${n},"prev":"${before.hash}"`;
  const sealed = sha256(body);
  return { line: `${body},"hash":"${sealed}"}`, head: { n, hash: sealed } };
}

/** Returns the seal of a line without its line end; null when it has none. */
export function readSeal(line: string): SealedLine | null {
  const match = SEAL.exec(line);
  if (match === null) return null;
  const [, n, prev, sealed] = match;
  return { n: Number(n), prev: prev!, hash: sealed!, found: sha256(line.slice(0, -HASH_PART)) };
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}
