/** Returns an id that nobody guesses. crypto.randomUUID exists only on pages of HTTPS and localhost. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
