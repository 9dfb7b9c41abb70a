/** Authorization headers that nobody may be let in by: noise, and real keys with something changed. Reproducible by seed. */
import { createHash } from 'node:crypto';

/** The values of a request's Authorization headers. `real`: keys that count, none of which is returned as it is. */
export function randomCredential(seed: number, real: readonly string[]): readonly string[] {
  const bytes = createHash('sha512').update(`credential ${seed}`).digest();
  const noise = bytes.toString('base64url');
  const key = real[bytes[0]! % real.length]!;
  const kinds = [
    () => [`Bearer fk_${bytes.toString('hex').slice(0, 12)}_${noise.slice(0, 43)}`],
    () => [`Bearer ${key.slice(0, 16)}${noise.slice(0, 43)}`],
    () => [`Bearer ${changed(key, bytes)}`],
    () => [`Bearer ${key}${noise.slice(0, 1 + (bytes[1]! % 20))}`],
    () => [`Bearer ${key.slice(0, -1 - (bytes[1]! % 40))}`],
    () => [`Bearer ${key}`, `Bearer ${key}`],
    () => [`Basic ${Buffer.from(`user:${key}`).toString('base64')}`],
    () => [bytes.toString('latin1')],
    () => [`Bearer ${noise.slice(0, 20)}.${noise.slice(20, 50)}.${noise.slice(50)}`],
    () => [`Bearer ${noise.repeat(1 + bytes[1]!)}`],
    () => [],
    () => [''],
  ];
  return kinds[bytes[2]! % kinds.length]!();
}

/** One character of the key's secret is another one. */
function changed(key: string, bytes: Buffer): string {
  const at = 16 + (bytes[3]! % (key.length - 16));
  const other = key[at] === 'x' ? 'y' : 'x';
  return `${key.slice(0, at)}${other}${key.slice(at + 1)}`;
}
