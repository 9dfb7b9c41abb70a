/**
 * A regular expression of RE2's as other engines read it, for asking whether it matches: null unless every part of it is one
 * that all know with the same meaning. Classes are written out, since those of databases follow the locale; a point is
 * everything but a line end. What is left out on purpose: flags, boundaries, lazy and counted-above-255 repetition,
 * classes in brackets, Unicode properties, back references.
 */

const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\f\\r ',
};

/** Parts of a pattern, tried in this order: an escape, a class in brackets, a group's opening, a repetition, anything. */
const PART = /\\[\s\S]?|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\((?:\?[:=!<P]?)?|[*+?]\??|\{[^}]*\}\??|[\s\S]/gu;
const SPECIAL = /^[\\^$.|?*+(){}[\]]$/;

export function usualPattern(pattern: string): string | null {
  let converted = '';
  let open = 0;
  let repeatable = false;
  for (const [part] of pattern.matchAll(PART)) {
    const text = convertPart(part, repeatable);
    if (text === null) return null;
    if (part === '(' || part === '(?:') open++;
    if (part === ')' && --open < 0) return null;
    repeatable = !/^([|^$(]|\(\?:|[*+?]|\{.*\})$/s.test(part);
    converted += text;
  }
  // A director at the start (`***`) cannot arise: a repetition needs something before it.
  return open === 0 ? converted : null;
}

function convertPart(part: string, repeatable: boolean): string | null {
  if (part.startsWith('\\')) return convertEscape(part.slice(1), false);
  if (part.startsWith('[') && part.length > 1) return convertBrackets(part);
  if (part === '(' || part === '(?:' || part === ')' || part === '|' || part === '^' || part === '$')
    return part;
  if (part === '.') return '[^\\n]';
  if (/^[*+?]$/.test(part)) return repeatable ? part : null;
  if (part.startsWith('{')) return repeatable && isCount(part) ? part : null;
  return SPECIAL.test(part) || part.length > 2 || part === '\0' || part.startsWith('(') ? null : part;
}

function isCount(part: string): boolean {
  const [, least, most] = /^\{(\d{1,3})(?:,(\d{0,3}))?\}$/.exec(part) ?? [];
  if (least === undefined || Number(least) > 255) return false;
  return most === undefined || most === '' || (Number(most) <= 255 && Number(most) >= Number(least));
}

/** Converts the character that follows a backslash, `inside` of brackets or outside; null: the engines read it differently. */
function convertEscape(character: string, inside: boolean): string | null {
  const members = CLASSES[character];
  if (members !== undefined) return inside ? members : `[${members}]`;
  const outside = CLASSES[character.toLowerCase()];
  if (outside !== undefined && !inside) return `[^${outside}]`;
  if (character === 'n' || character === 't' || character === 'r' || character === 'f')
    return `\\${character}`;
  return /^[^A-Za-z0-9\s]$/.test(character) && character.charCodeAt(0) < 128 ? `\\${character}` : null;
}

function convertBrackets(part: string): string | null {
  const negated = part.startsWith('[^');
  const body = part.slice(negated ? 2 : 1, -1);
  // The engines read `[]a]` and `[a-\d]` differently; `[:`, `[.` and `[=` open classes.
  if (body === '' || body.startsWith(']') || /\[|-\\|\\[dws]-|&&|--|~~/.test(body)) return null;
  let converted = '';
  for (const [member] of body.matchAll(/\\[\s\S]|[\s\S]/gu)) {
    const text = member.startsWith('\\') ? convertEscape(member.slice(1), true) : member;
    if (text === null || (member.codePointAt(0)! > 126 && body.includes('-'))) return null;
    converted += text;
  }
  return `[${negated ? '^' : ''}${converted}]`;
}
