/**
 * State of which a process has one. mocha loads a spec file that awaits at its top by `import` and every other one by
 * `require`, and each of the two has support modules of its own: what they share cannot be in a module's variable.
 */
const store = globalThis as unknown as Record<symbol, unknown>;

/** Makes it when nobody has yet. */
export function processWide<T>(name: string, make: () => T): T {
  const key = Symbol.for(`forkline tests: ${name}`);
  store[key] ??= make();
  return store[key] as T;
}
