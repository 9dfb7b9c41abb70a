/** The word that the cursor is about: the call in whose brackets it stands, or the stage. */

/** Characters before the cursor that are searched for the call or stage around it. */
const REACH = 2000;
const NAME_BEFORE = /([\p{L}_][\p{L}\p{N}_]*)\s*$/u;
const STAGE = /^\s*([\p{L}_]+)/u;

export interface Word {
  readonly text: string;
  /** UTF-16 offset. */
  readonly end: number;
}

/** Returns the name of the call in whose brackets the cursor stands, or else of its stage; null in SQL outside of calls. */
export function wordAround(query: string, cursor: number): Word | null {
  const from = Math.max(0, cursor - REACH);
  const before = query.slice(from, cursor).replaceAll(/'[^'\n]*'/g, (text) => ' '.repeat(text.length));
  let depth = 0;
  for (let at = before.length - 1; at >= 0; at--) {
    const character = before[at]!;
    if (character === ')') depth++;
    else if (character === '(' && depth > 0) depth--;
    else if (character === '(') {
      const [whole, name] = NAME_BEFORE.exec(before.slice(0, at)) ?? [];
      if (name !== undefined) return { text: name, end: from + at - (whole!.length - name.length) };
    } else if (character === '|' && depth === 0 && before[at - 1] !== '|' && before[at + 1] !== '|') {
      const [whole, name] = STAGE.exec(query.slice(from + at + 1, from + at + 100)) ?? [];
      return name === undefined ? null : { text: name, end: from + at + 1 + whole!.length };
    }
  }
  return null;
}
