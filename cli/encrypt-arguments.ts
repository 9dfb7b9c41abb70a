/** The options of `forkline query` about encryption. */

export interface EncryptOptions {
  readonly encrypt: boolean;
  /** The only key to encrypt for, by its thumbprint; null: the one that the server names. */
  readonly keyId: string | null;
}

export const ENCRYPT_OPTIONS = { encrypt: { type: 'boolean' }, 'encrypt-to': { type: 'string' } } as const;

/** `--encrypt-to` alone means `--encrypt` too. */
export function encryptOptions(values: {
  readonly encrypt?: boolean | undefined;
  readonly 'encrypt-to'?: string | undefined;
}): EncryptOptions {
  const keyId = values['encrypt-to'] ?? null;
  return { encrypt: values.encrypt === true || keyId !== null, keyId };
}
