/** Answers of S3 in XML: pages of a listing, and errors. Only the elements that are needed are read. */

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** With its quotes; empty when the store has none. */
  readonly etag: string;
  /** The time of the last change in the form of HTTP; empty when the store tells none. */
  readonly modified: string;
}

export interface ListingPage {
  readonly objects: readonly ListedObject[];
  /** Prefixes that keys have in common up to the next slash. */
  readonly prefixes: readonly string[];
  /** The token of the next page; null: this is the last. */
  readonly next: string | null;
}

/** Returns null for a text that is no listing. */
export function parseListing(xml: string): ListingPage | null {
  if (!xml.includes('<ListBucketResult')) return null;
  const isEncoded = element(xml, 'EncodingType') === 'url';
  const keyOf = (text: string): string => (isEncoded ? urlDecoded(text) : text);
  const objects = elements(xml, 'Contents').map((part) => ({
    key: keyOf(element(part, 'Key') ?? ''),
    bytes: Number(element(part, 'Size') ?? Number.NaN),
    etag: quoted(element(part, 'ETag') ?? ''),
    modified: httpTime(element(part, 'LastModified') ?? ''),
  }));
  const prefixes = elements(xml, 'CommonPrefixes').map((part) => keyOf(element(part, 'Prefix') ?? ''));
  const isCut = element(xml, 'IsTruncated') === 'true';
  return { objects, prefixes, next: isCut ? element(xml, 'NextContinuationToken') : null };
}

export interface S3Error {
  readonly code: string;
  /** The region of the bucket, where the store tells it. */
  readonly region: string | null;
}

export function parseError(xml: string): S3Error {
  return { code: element(xml, 'Code') ?? '', region: element(xml, 'Region') };
}

/** Some stores leave the quotes of a tag out in listings. */
function quoted(etag: string): string {
  return etag === '' || etag.includes('"') ? etag : `"${etag}"`;
}

/** Listings have milliseconds, and headers seconds. */
function httpTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.valueOf()) ? '' : time.toUTCString();
}

function elements(xml: string, name: string): readonly string[] {
  return xml
    .split(`<${name}>`)
    .slice(1)
    .map((part) => part.slice(0, part.indexOf(`</${name}>`)));
}

function element(xml: string, name: string): string | null {
  const start = xml.indexOf(`<${name}>`);
  if (start === -1) return null;
  const from = start + name.length + 2;
  const end = xml.indexOf(`</${name}>`, from);
  return end === -1 ? null : textIn(xml.slice(from, end));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function textIn(xml: string): string {
  return xml.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi,
    (all, hex, decimal, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()]!;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : String(all);
    },
  );
}

/** A text that is not encoded as it says stays as it is. */
function urlDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
