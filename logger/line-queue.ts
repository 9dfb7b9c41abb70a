/**
 * The lines of one client that are not yet known to be in the log file, oldest first. They are always a gapless
 * range of seqs [firstSeq, nextSeq): lines leave at the old end only, by acknowledgement, by spilling (all of
 * them) or, as the last resort, by being dropped. Pure data, no I/O.
 */

export interface LineQueue {
  /** Seq of the oldest line kept; equals nextSeq when there is none. */
  readonly firstSeq: number;
  readonly nextSeq: number;
  /** The highest seq ever taken to be sent; 0 when none was. */
  readonly sentSeq: number;
  /** UTF-16 units kept. */
  readonly characters: number;
  /** Appends the line that has nextSeq. */
  push(line: string): void;
  /** The unsent lines, each with its line end, joined up to about maxCharacters; null when all were sent. */
  takeUnsent(maxCharacters: number): string | null;
  /** Everything kept counts as unsent again (the connection is another one). */
  rewind(): void;
  /** Forgets the lines up to and including seq. */
  acknowledge(seq: number): void;
  /** All lines kept, each with its line end; keeps them. */
  lines(): readonly string[];
  /** Forgets the oldest lines until at most maxCharacters are left; returns their range or null. */
  dropOldest(maxCharacters: number): { readonly fromSeq: number; readonly toSeq: number } | null;
}

const COMPACT_AT = 4096;

export function createLineQueue(): LineQueue {
  let lines: string[] = [];
  /** Index of the oldest kept line and of the next one to send. */
  let head = 0;
  let unsent = 0;
  let firstSeq = 1;
  let characters = 0;
  let sentSeq = 0;

  function dropHead(): void {
    characters -= lines[head]!.length;
    lines[head] = '';
    head += 1;
    firstSeq += 1;
    if (head === lines.length || head >= COMPACT_AT) compact();
  }

  function compact(): void {
    lines = lines.slice(head);
    unsent = Math.max(0, unsent - head);
    head = 0;
  }

  function takeUnsent(maxCharacters: number): string | null {
    unsent = Math.max(unsent, head);
    if (unsent === lines.length) return null;
    let batch = '';
    while (unsent < lines.length && batch.length < maxCharacters) {
      batch += lines[unsent]!;
      unsent += 1;
    }
    sentSeq = Math.max(sentSeq, firstSeq + unsent - head - 1);
    return batch;
  }

  function dropOldest(maxCharacters: number): { fromSeq: number; toSeq: number } | null {
    const fromSeq = firstSeq;
    while (characters > maxCharacters && head < lines.length) dropHead();
    return firstSeq === fromSeq ? null : { fromSeq, toSeq: firstSeq - 1 };
  }

  return {
    get firstSeq() {
      return firstSeq;
    },
    get nextSeq() {
      return firstSeq + lines.length - head;
    },
    get sentSeq() {
      return sentSeq;
    },
    get characters() {
      return characters;
    },
    push(line) {
      const ended = `${line}\n`;
      lines.push(ended);
      characters += ended.length;
    },
    takeUnsent,
    rewind() {
      unsent = head;
    },
    acknowledge(seq) {
      while (firstSeq <= seq && head < lines.length) dropHead();
    },
    lines: () => lines.slice(head),
    dropOldest,
  };
}
