/**
 * The stage engine's SQL that finds elements of XML text by their path. The text is cut into tags and texts, each element's
 * place is counted from the tags before it, and each part of the path chooses among the elements inside of the last one's.
 * A text that is no XML gives null.
 */
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import { ROW } from './engine-text.ts';

export interface PathPart {
  readonly name: string;
  /** The place among the elements of that name, from 0; null: all of them. */
  readonly index: number | null;
  readonly attribute: string | null;
}

/** Comments, CDATA, instructions, declarations, tags (whose attributes may hold `>`), and texts. */
const TOKEN = String.raw`<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<![^>]*>|<[^<>"']+(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>|[^<]+`;
const ENTITY = '&#[xX][0-9a-fA-F]+;|&#[0-9]+;|&[a-z]+;|[^&]+|&';

/** Names the keys, each once, of the elements at the path. */
export function xmlKeys(text: string, parts: readonly PathPart[]): string {
  return `${elements(text)}, ${chosen(parts, true)} select distinct name as key from found`;
}

/** A row for each row that has an element there: its place `r`, and a column of each name. */
export function xmlValues(
  text: string,
  parts: readonly PathPart[],
  names: readonly string[],
  all: boolean,
): string {
  const { attribute = null } = parts.at(-1) ?? {};
  const values = `select f.r, f.ord, f.name, ${attribute === null ? 'f.content' : attributeText('f.tok', attribute)} as value from found as f`;
  const columns = names.map((name) => {
    const own = all ? ` and name = ${quoteText(name)}` : '';
    const rows = `filter (where value is not null${own})`;
    const several = `cast(to_json(list(value order by ord) ${rows}) as varchar)`;
    return `case when count(*) ${rows} > 1 then ${several} else any_value(value) ${rows} end as ${quoteName(name)}`;
  });
  return `${elements(text)}, ${chosen(parts, all)} select r, ${columns.join(', ')} from (${values}) group by r`;
}

/** Tables of the tags and texts, of what is well-formed, and of the elements with what stands between their tags. */
function elements(text: string): string {
  const cut = `select ${ROW} as r, ${text} as whole, regexp_extract_all(${text}, ${quoteText(TOKEN)}) as tokens from input where ${text} is not null`;
  const cutUp = `select r, whole, unnest(tokens) as tok, generate_subscripts(tokens, 1) as ord from cut`;
  const kind = `case when starts_with(tok, '<![CDATA[') then 'cdata' when starts_with(tok, '<!') or starts_with(tok, '<?') then 'skip' when starts_with(tok, '</') then 'close' when starts_with(tok, '<') then case when ends_with(tok, '/>') then 'self' else 'open' end else 'text' end`;
  const named = `select *, ${kind} as kind, regexp_extract(tok, '^</?([^\\s/>]+)', 1) as name from tokens`;
  const step = `sum(case kind when 'open' then 1 when 'close' then -1 else 0 end) over (partition by r order by ord)`;
  const placed = `select *, ${step} + case when kind in ('close', 'self') then 1 else 0 end as depth from named`;
  const opened = `lag(name) over (partition by r, depth order by ord)`;
  const tags = `select *, ${opened} as opened, min(case when kind = 'close' then ord end) over (partition by r, depth order by ord rows between current row and unbounded following) as closed from placed where kind in ('open', 'close', 'self')`;
  const balanced = `count(*) filter (where kind = 'open') = count(*) filter (where kind = 'close')`;
  const paired = `coalesce(bool_and(depth > 0 and opened = name) filter (where kind = 'close'), true)`;
  const single = `count(*) filter (where depth = 1 and kind in ('open', 'self')) = 1`;
  const sound = `select r from tags group by r having ${balanced} and ${paired} and ${single}`;
  const complete = `select r from tokens group by r having sum(length(tok)) = max(length(whole))`;
  const own = `select t.r, t.ord, t.tok, t.name, t.depth, case when t.kind = 'self' then t.ord else t.closed end as stop from tags as t where t.kind in ('open', 'self') and t.r in (${sound}) and t.r in (${complete})`;
  const inside = `case when bool_or(p.kind in ('open', 'self')) then string_agg(p.tok, '' order by p.ord) else string_agg(${plainText()}, '' order by p.ord) end`;
  const filled = `select e.r, e.ord, any_value(e.tok) as tok, any_value(e.name) as name, any_value(e.depth) as depth, any_value(e.stop) as stop, trim(coalesce(${inside}, ''), ${BLANKS}) as content from own as e left join placed as p on p.r = e.r and p.ord > e.ord and p.ord < e.stop group by e.r, e.ord`;
  return `with cut as (${cut}), tokens as (${cutUp}), named as (${named}), placed as (${placed}), tags as (${tags}), own as (${own}), elements as (${filled})`;
}

const BLANKS = `' ' || chr(9) || chr(10) || chr(13)`;

/** The text that a token stands for: comments and the like are none. */
function plainText(): string {
  return `case p.kind when 'cdata' then p.tok[10:-4] when 'text' then ${decoded('p.tok')} else '' end`;
}

function decoded(text: string): string {
  const named = `when '&lt;' then '<' when '&gt;' then '>' when '&quot;' then '"' when '&apos;' then '''' when '&amp;' then '&'`;
  const code = `coalesce(try_cast('0x' || regexp_extract(x, '^&#[xX]([0-9a-fA-F]{1,6});$', 1) as integer), try_cast(regexp_extract(x, '^&#([0-9]{1,7});$', 1) as integer))`;
  const letter = `case x ${named} else case when ${code} between 1 and 1114111 then chr(${code}) else x end end`;
  return `array_to_string(list_transform(regexp_extract_all(${text}, ${quoteText(ENTITY)}), lambda x: ${letter}), '')`;
}

function attributeText(tag: string, name: string): string {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = (quote: string): string =>
    quoteText(`\\s${escaped}\\s*=\\s*${quote}([^${quote}]*)${quote}`);
  const [double, single] = [pattern('"'), pattern("'")];
  return `case when regexp_matches(${tag}, ${double}) then ${decoded(`regexp_extract(${tag}, ${double}, 1)`)} when regexp_matches(${tag}, ${single}) then ${decoded(`regexp_extract(${tag}, ${single}, 1)`)} end`;
}

/** A table of the elements of each part of the path inside of those of the part before; the last is called `found`. */
function chosen(parts: readonly PathPart[], all: boolean): string {
  const levels: readonly (PathPart | null)[] = all ? [...parts, null] : parts;
  const tables = levels.map((part, level) => {
    const name = level === levels.length - 1 ? 'found' : `level${level}`;
    const outer =
      level === 0 ? '' : ` join level${level - 1} as o on o.r = e.r and e.ord > o.ord and e.ord < o.stop`;
    const named = part === null ? '' : ` and e.name = ${quoteText(part.name)}`;
    const own = `select e.* from elements as e${outer} where e.depth = ${level + 1}${named}`;
    if (part === null || part.index === null) return `${name} as (${own})`;
    const group = level === 0 ? 'e.r' : 'e.r, o.ord';
    const place = `row_number() over (partition by ${group} order by e.ord) - 1`;
    return `${name} as (${own} qualify ${place} = ${part.index})`;
  });
  return tables.join(', ');
}
