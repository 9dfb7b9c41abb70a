/**
 * The factor by which a test waits longer on a machine that is busy with other work: about 1 where it has nothing else to do.
 * A test's deadline bounds its wait for an effect, and never asserts how fast the effect comes.
 */
import { availableParallelism, loadavg } from 'node:os';

const MOST = 20;

export function patience(): number {
  const [load = 0] = loadavg();
  return Math.min(MOST, 1 + load / availableParallelism());
}
