/** Reads the sizes of `forkline scale`. */
import type { PoolSizes } from '../core/protocol/pool-sizes.ts';
import { ControlError, checkSize } from '../monitor/control.ts';
import { maxSizesOf } from '../monitor/pools/definition.ts';
import { POOL_TABLE } from '../monitor/pools/table.ts';
import { UsageError } from './kit/usage-error.ts';

const MAX_SIZES = maxSizesOf(POOL_TABLE);

/** `sql=4 dsl=6` */
export function parseSizes(given: readonly string[]): PoolSizes {
  if (given.length === 0) throw new UsageError('say what to scale, for example: forkline scale sql=4 dsl=6');
  const sizes = given.map((each): [string, number] => {
    const [pool, size, ...more] = each.split('=');
    if (pool === undefined || size === undefined || more.length > 0)
      throw new UsageError(`"${each}" is not POOL=N; for example: forkline scale sql=4`);
    return checked(() => checkSize(pool, /^\d+$/.test(size) ? Number(size) : size, MAX_SIZES));
  });
  const twice = sizes.find(([pool], index) => sizes.findIndex(([other]) => other === pool) !== index);
  if (twice !== undefined) throw new UsageError(`${twice[0]} is given twice`);
  return Object.fromEntries(sizes);
}

function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof ControlError ? new UsageError(error.message) : error;
  }
}
