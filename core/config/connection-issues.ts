/** Validation's findings about connections as lines for people: an option that one kind lacks may be another's. */
import type { z } from 'zod';
import type { ConnectionKind } from '../protocol/connection.ts';
import { closestName } from './closest-name.ts';
import {
  exampleOf,
  expectationOf,
  kindNames,
  kindOfConnection,
  LOGIN_OPTIONS,
  optionNames,
  optionNamesIn,
} from './connection-kinds.ts';
import { isJsonObject } from './json-object.ts';

/** `connections`: what the file holds under this name. */
export function describeConnectionIssue(issue: z.core.$ZodIssue, connections: unknown): readonly string[] {
  const [, name = 'crm', option] = issue.path.map(String);
  const where = issue.path.slice(0, 3).join('.');
  if (!isJsonObject(connections))
    return [`connections: must be an object with a connection for each name. ${forExample('crm')}`];
  const connection = connections[name];
  if (!isJsonObject(connection))
    return [`${where}: must be an object with the options of a connection. ${forExample(name)}`];
  const kind = kindOfConnection(connection);
  if (kind === null) return [unknownKind(where, connection.kind)];
  if (option === 'roles' && issue.path.length > 3) return [inRoles(issue, kind, name)];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const inGroup = kind === 'files' && option !== undefined ? optionNamesIn(option) : null;
      return inGroup === null
        ? unknownOption(`${where}.${key}`, key, kind, connection)
        : `${where}.${key}: there is no such option${closestOf(key, inGroup)}`;
    });
  if (option === undefined) return [`${where}: is no connection. ${forExample(name)}`];
  // Another line asks about options that only the other kind has.
  if (connection[option] === undefined && isOfOtherKind(connection, kind)) return [];
  return [`${where}: ${expectationOf(kind, option, name)}`];
}

/** Whether the connection has options that only another kind has, so that its kind is in doubt. */
export function isOfOtherKind(connection: Readonly<Record<string, unknown>>, kind: ConnectionKind): boolean {
  return Object.keys(connection).some((key) => otherKind(key, kind) !== null);
}

/** A mistake inside of `roles`: in the login of a role. */
function inRoles(issue: z.core.$ZodIssue, kind: ConnectionKind, name: string): string {
  const where = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${where}: ${expectationOf(kind, 'roles', name)}`;
  const key = issue.keys[0]!;
  return `${where}.${key}: there is no such option${closestOf(key, LOGIN_OPTIONS)}`;
}

function forExample(name: string): string {
  return `For example: ${exampleOf('postgres', name)}`;
}

function unknownKind(where: string, kind: unknown): string {
  const names = kindNames();
  const closest = typeof kind === 'string' ? closestName(kind, names) : null;
  const meant = closest === null ? '' : `; did you mean ${closest}?`;
  const place = where.endsWith('.kind') ? where : `${where}.kind`;
  return `${place}: must be one of ${names.join(', ')}, not ${JSON.stringify(kind)}${meant}`;
}

function unknownOption(
  where: string,
  key: string,
  kind: ConnectionKind,
  connection: Readonly<Record<string, unknown>>,
): string {
  const other = otherKind(key, kind);
  if (other !== null) {
    const mend = connection.kind === undefined ? `say so: "kind": "${other}"` : 'take it out';
    return `${where}: is an option of connections of the kind ${other}, not of the kind ${kind}; ${mend}`;
  }
  return `${where}: there is no such option${closestOf(key, optionNames(kind))}`;
}

function closestOf(key: string, known: readonly string[]): string {
  const closest = closestName(key, known);
  return closest === null ? `; known here: ${known.join(', ')}` : `; did you mean ${closest}?`;
}

/** The kind that has this option, which `kind` lacks; null: none has. */
function otherKind(option: string, kind: ConnectionKind): ConnectionKind | null {
  if (optionNames(kind).includes(option)) return null;
  return kindNames().find((name) => optionNames(name).includes(option)) ?? null;
}
