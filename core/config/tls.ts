/** The options of `tls` taken together: that the files are there and belong together, before anything is started or replaced. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { z } from 'zod';
import type { TlsConfig } from '../protocol/server-config.ts';
import type { ConfigSchema } from './schema.ts';

type ParsedTls = z.output<ConfigSchema>['tls'];

/** Returns null when TLS is not configured. */
export function completeTls(tls: ParsedTls): TlsConfig | null {
  const { certFile, keyFile, clientCaFile, ...others } = tls;
  if (certFile === undefined || keyFile === undefined) return null;
  return { certFile, keyFile, clientCaFile: clientCaFile ?? null, ...others };
}

export function tlsProblems({ certFile, keyFile, clientCaFile, clientCertificates }: ParsedTls): string[] {
  if (certFile === undefined && keyFile === undefined) {
    const without = clientCaFile !== undefined ? 'clientCaFile' : null;
    if (without !== null) return [`tls.${without}: says nothing without tls.certFile and tls.keyFile`];
    return clientCertificates === 'required'
      ? ['tls.clientCertificates: says nothing without tls.certFile, tls.keyFile and tls.clientCaFile']
      : [];
  }
  if (certFile === undefined) return ['tls.certFile: the key needs its certificate'];
  if (keyFile === undefined) return ['tls.keyFile: the certificate needs its key'];
  if (clientCertificates === 'required' && clientCaFile === undefined)
    return ['tls.clientCertificates: name in tls.clientCaFile who signs them'];
  const cert = readPem('tls.certFile', certFile);
  const key = readPem('tls.keyFile', keyFile);
  const ca = clientCaFile === undefined ? null : readPem('tls.clientCaFile', clientCaFile);
  const unread = [cert, key, ca].flatMap((read) => (read !== null && 'error' in read ? [read.error] : []));
  if (unread.length > 0) return unread;
  return contextProblems(textOf(cert)!, textOf(key)!, textOf(ca));
}

type ReadPem = { readonly text: string } | { readonly error: string };

function readPem(option: string, path: string): ReadPem {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch (thrown) {
    return {
      error: `${option}: the file ${path} cannot be read (${(thrown as NodeJS.ErrnoException).code})`,
    };
  }
}

function textOf(read: ReadPem | null): string | null {
  return read !== null && 'text' in read ? read.text : null;
}

/** Nothing of a key is in the messages. */
function contextProblems(cert: string, key: string, ca: string | null): string[] {
  if (!works({ cert }))
    return ['tls.certFile: it is no certificate in PEM form (-----BEGIN CERTIFICATE-----)'];
  if (!works({ key })) return ['tls.keyFile: it is no key in PEM form, or has a passphrase'];
  if (!works({ cert, key })) return ['tls.keyFile: it is the key of another certificate than tls.certFile'];
  if (ca !== null && (!works({ ca }) || !ca.includes('-----BEGIN CERTIFICATE-----')))
    return ['tls.clientCaFile: it is no certificate in PEM form (-----BEGIN CERTIFICATE-----)'];
  return [];
}

function works(options: Parameters<typeof createSecureContext>[0]): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch {
    return false;
  }
}
