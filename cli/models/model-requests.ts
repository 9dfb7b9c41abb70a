/** The requests that the actions of `forkline model` have in common. */
import type { Client } from '../kit/client.ts';

export interface Definition {
  readonly name: string;
}

export interface Shown {
  readonly version: number;
  readonly definition: Definition | null;
  readonly contract?: { readonly heldAt: string; readonly brokenSince: string | null };
}

export interface Saved {
  readonly name: string;
  readonly version: number;
  readonly changed: boolean;
}

export function savedLine({ name, version, changed }: Saved): string {
  return changed
    ? `${name} is saved as version ${version}`
    : `${name} is the same already, in version ${version}`;
}

export function pathOf(name: string): string {
  return `/v1/models/${encodeURIComponent(name)}`;
}

export function reasonOf({ reason }: { readonly reason: string | null }): string {
  return reason === null ? '' : `?reason=${encodeURIComponent(reason)}`;
}

export async function shown(client: Client, name: string): Promise<Shown> {
  return await client.getJson<Shown>(pathOf(name));
}
