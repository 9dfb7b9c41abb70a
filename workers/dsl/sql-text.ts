/** Names and strings as DuckDB SQL. Everything that this worker pastes into a statement goes through here. */

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
