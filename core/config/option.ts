/**
 * The parts of an option: a zod type with notes (variable, purpose, example), and sizes such as "64 MiB". The
 * options themselves are listed in schema.ts.
 */
import { z } from 'zod';

/** Notes about an option, besides its type. */
export interface OptionNotes {
  readonly variable?: string;
  readonly about: string;
  /** Shown in an error as the mend. */
  readonly example: string | number | readonly string[];
  /** Sizes may be given as "64 MiB"; paths are relative to the file that names them; variables hold lists with commas. */
  readonly unit?: 'bytes' | 'path' | 'url' | 'list';
  /** The kind of a list's items. */
  readonly of?: string;
  /** A value of a path that is none. */
  readonly otherValue?: string;
  /** Describes a default that depends on the machine. */
  readonly defaultText?: string;
}

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

export const whole = (min: number, max: number) => z.int().min(min).max(max);

export function number(
  variable: string,
  about: string,
  min: number,
  max: number,
  value: number,
  defaultText?: string,
) {
  const notes: OptionNotes = { variable, about, example: value, ...(defaultText && { defaultText }) };
  return whole(min, max)
    .default(value)
    .meta({ ...notes });
}

export function size(variable: string, about: string, min: number, value: number) {
  const notes: OptionNotes = { variable, about, example: sizeText(value), unit: 'bytes' };
  return whole(min, Number.MAX_SAFE_INTEGER)
    .default(value)
    .meta({ ...notes });
}

/** A path that is none by default. */
export function optionalPath(variable: string, about: string, example: string) {
  const notes: OptionNotes = { variable, about, example, unit: 'path', defaultText: 'none' };
  return z
    .string()
    .min(1)
    .optional()
    .meta({ ...notes });
}

/** A text that is none by default. */
export function text(variable: string, about: string, example: string) {
  const notes: OptionNotes = { variable, about, example, defaultText: 'none' };
  return z
    .string()
    .min(1)
    .optional()
    .meta({ ...notes });
}

/** `otherValue` is taken as it is written, not as a path. */
export function path(variable: string, about: string, value: string, otherValue?: string) {
  const notes: OptionNotes = {
    ...{ variable, about, example: value, unit: 'path' as const },
    ...(otherValue !== undefined && { otherValue }),
  };
  return z
    .string()
    .min(1)
    .default(value)
    .meta({ ...notes });
}

export function choice<const T extends readonly [string, ...string[]]>(
  variable: string,
  about: string,
  of: T,
  value: T[number],
) {
  return z.enum(of).default(value).meta({ variable, about, example: value });
}

/** The address of something to speak HTTP with; none by default. Credentials in it would end up in the log. */
export function url(variable: string, about: string, example: string) {
  const notes: OptionNotes = { variable, about, example, unit: 'url', defaultText: 'none' };
  return z
    .url({ protocol: /^https?$/ })
    .refine((text) => new URL(text).username === '' && new URL(text).password === '')
    .optional()
    .meta({ ...notes });
}

/** Texts; none by default. `of` says in words what each must be, and `isOne` whether it is. */
export function list(
  variable: string,
  about: string,
  of: string,
  example: readonly string[],
  isOne: (text: string) => boolean,
) {
  const notes: OptionNotes = { variable, about, example, unit: 'list', of, defaultText: 'none' };
  return z
    .array(z.string())
    .refine((texts) => texts.every(isOne))
    .default([])
    .meta({ ...notes });
}

/** A group of options; left out, all its defaults hold. */
export function group<T extends z.ZodRawShape>(shape: T) {
  const object = z.strictObject(shape);
  return object.prefault({} as z.input<typeof object>); // every option has a default
}

export interface Option {
  /** Path as in the file: `limits.timeoutMs`. */
  readonly path: string;
  readonly notes: OptionNotes;
  /** undefined: none. */
  readonly defaultValue: unknown;
  readonly schema: z.ZodType;
}

/** Every option of the schema but `connections`, in its order. */
export function listOptions(schema: z.ZodType, prefix = ''): Option[] {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, value]) =>
      listOptions(value as z.ZodType, prefix === '' ? key : `${prefix}.${key}`),
    );
  }
  const notes = schema.meta() as OptionNotes | undefined;
  if (notes?.about === undefined) return [];
  const parsed = schema.safeParse(undefined);
  return [{ path: prefix, notes, defaultValue: parsed.data, schema }];
}

/** `67108864` as `64 MiB`: the largest unit that it is a whole number of. */
export function sizeText(bytes: number): string {
  for (const [unit, value] of [
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const) {
    if (bytes >= value && bytes % value === 0) return `${bytes / value} ${unit}`;
  }
  return String(bytes);
}

/** "64 MiB" or "64MB" (both powers of 1024, as PostgreSQL reads them) as bytes; null when it is no size. */
export function parseSize(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)i?b?\s*$/i.exec(text);
  if (match === null) return null;
  const factor = { '': 1, k: KIB, m: MIB, g: GIB }[match[2]!.toLowerCase()]!;
  return Math.round(Number(match[1]) * factor);
}
