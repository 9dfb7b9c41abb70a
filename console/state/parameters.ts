/** The parameters of a query: `:name` outside texts, comments and casts, in the order in which they first appear. */
const SKIPPED =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$(\w*)\$[\s\S]*?\$\1\$|::/gu;
const PARAMETER = /(?<![\p{L}\p{N}_:]):([\p{L}_][\p{L}\p{N}_]*)/gu;

export function parametersOf(query: string): readonly string[] {
  const names = new Set<string>();
  for (const [, name] of query.replaceAll(SKIPPED, ' ').matchAll(PARAMETER)) names.add(name!);
  return [...names];
}

/** No zeros lead, as in the code of a place: that is a text. */
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;
/** The digits that a number of the browser keeps for sure. */
const EXACT_DIGITS = 15;

/** Returns a field's text as the API takes it: a number, true, false, null, a list, or else a text. */
export function parameterValue(text: string): unknown {
  if (NUMBER.test(text) && text.replaceAll(/\D/g, '').length <= EXACT_DIGITS) return Number(text);
  if (text === 'true' || text === 'false' || text === 'null' || /^[["]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

/** Returns the text of a field that `parameterValue` reads as the value. */
export function parameterText(value: unknown): string {
  return typeof value === 'string' && parameterValue(value) === value ? value : JSON.stringify(value);
}
