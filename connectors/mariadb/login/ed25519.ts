/**
 * MariaDB's `client_ed25519`: the login is a signature of what the server sent, by a key made of the password. It is Ed25519 (RFC
 * 8032) in all but one point: the secret that is hashed is the password, of any length, where the standard has 32 random bytes.
 * That point keeps Node's own signatures from serving, so that the arithmetic of the curve is written out here. It runs
 * once for each connection that is opened.
 */
import { createHash } from 'node:crypto';

const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** A point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly t: bigint;
}

const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960n;
const BASE: Point = { x: BASE_X, y: BASE_Y, z: 1n, t: mod(BASE_X * BASE_Y) };
const NEUTRAL: Point = { x: 0n, y: 1n, z: 1n, t: 0n };

function mod(value: bigint, by = PRIME): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function add(p: Point, q: Point): Point {
  const a = mod((p.y - p.x) * (q.y - q.x));
  const b = mod((p.y + p.x) * (q.y + q.x));
  const c = mod(2n * p.t * q.t * D);
  const d = mod(2n * p.z * q.z);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return { x: mod(e * f), y: mod(g * h), z: mod(f * g), t: mod(e * h) };
}

function timesBase(scalar: bigint): Point {
  let result = NEUTRAL;
  let double = BASE;
  for (let left = scalar; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = add(result, double);
    double = add(double, double);
  }
  return result;
}

function encoded({ x, y, z }: Point): Buffer {
  const inverse = power(z, PRIME - 2n);
  const bytes = bytesOf(mod(y * inverse));
  bytes[31]! |= Number(mod(x * inverse) & 1n) << 7;
  return bytes;
}

/** 32 bytes, the least significant first. */
function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function sha512(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Returns the 64 bytes that sign `message` with the key made of `secret`. */
export function signEd25519(secret: Buffer, message: Buffer): Buffer {
  const expanded = sha512(secret);
  const scalarBytes = Buffer.from(expanded.subarray(0, 32));
  scalarBytes[0]! &= 248;
  scalarBytes[31] = (scalarBytes[31]! & 127) | 64;
  const scalar = numberOf(scalarBytes);
  const publicKey = encoded(timesBase(scalar));
  const nonce = mod(numberOf(sha512(expanded.subarray(32), message)), ORDER);
  const commitment = encoded(timesBase(nonce));
  const challenge = mod(numberOf(sha512(commitment, publicKey, message)), ORDER);
  return Buffer.concat([commitment, bytesOf(mod(nonce + challenge * scalar, ORDER))]);
}
