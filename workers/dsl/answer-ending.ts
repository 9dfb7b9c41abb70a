/** Changes the end of an answer that the engine writes, while its bytes pass: the end is known only when it has come. */

export interface AnswerEnding {
  /** Returns what may be sent now. The bytes that it keeps back are copied or no longer touched by the caller. */
  pass(block: Buffer): Buffer;
  /** The engine has written everything: returns the rest of the answer. */
  end(): Buffer;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Leaves out the last bytes: the separator after the last row, where there must be none. Every block goes one block late. */
export function dropLast(bytes: number): AnswerEnding {
  let held = NOTHING;
  return {
    pass(block) {
      const before = held;
      held = block;
      return before;
    },
    end() {
      return held.subarray(0, Math.max(0, held.length - bytes));
    },
  };
}
