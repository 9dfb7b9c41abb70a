/** Decides when two names of columns are one column. */

/** Columns that differ by case only are one column to the stage engine. */
export function columnKey(name: string): string {
  return name.toLowerCase();
}
