/** The name with which a query begins, where it may be that of a model. */
const LEADING =
  /^(?:\s|--[^\n]*(?:\n|$)|set\s[^;]*;)*(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_]*))\s*(?:\||$)/iu;

/** Returns null for a query that begins otherwise, such as with SQL. */
export function leadingModel(text: string): string | null {
  const [, quoted, plain] = LEADING.exec(text) ?? [];
  return quoted ?? plain ?? null;
}
