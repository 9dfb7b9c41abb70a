/**
 * Writes a row of the binary protocol value by value, without values of JavaScript's: a column's `RowCell` reads the value where
 * it stands and writes it where it goes, as a field of the wire (wire-cells.ts) or as text of an answer (answer-cells.ts).
 */
import type { ByteWriter } from '../../kit/encode/byte-writer.ts';

/** Writes the value that begins at `at`, and returns where it ends; never called for null. */
export type RowCell = (writer: ByteWriter, bytes: Buffer, at: number) => number;
