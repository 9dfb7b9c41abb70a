/**
 * The text that generated SQL writes into an error that it raises: the error of ours, as JSON behind a mark. Who reads a
 * database's or an engine's messages finds the JSON there and gets the error back as it was known while compiling.
 */
import type { WireError } from './errors.ts';

export const MARK = '@forkline ';

/** Reads the JSON behind the mark. */
export function raisedFrom(json: string): WireError {
  return JSON.parse(json) as WireError; // a dialect's raise.ts wrote it
}

/** The character that generated SQL puts behind a text so that its cast fails. */
export const REFUSED_MARK = '\u0001';
