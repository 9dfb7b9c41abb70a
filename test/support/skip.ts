/** Skips a test, or all tests of a suite from its `before`, and prints why: no test is left out in silence. */
export function skipBecause(context: Mocha.Context, reason: string): never {
  console.log(`      skipped: ${reason}`);
  return context.skip();
}
