/**
 * Takes the first `item` out of `items` in place; false: it is not there. For lists of a few members that come and go
 * with each query, where a Set costs more (docs/performance.md, "The heap").
 */
export function removeItem<T>(items: T[], item: T): boolean {
  const at = items.indexOf(item);
  if (at !== -1) items.splice(at, 1);
  return at !== -1;
}
