/** Reads the options of a query string. An option that the route does not know is refused, so that a misspelt one is never ignored. */
import { QueryError } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import { excerptOf } from './excerpt.ts';
import { searchPairs } from './query-string.ts';

/** Returns the options by name. Throws bad-request for one that is not among `known`. */
export function knownOptions(url: string, known: readonly string[]): ReadonlyMap<string, string> {
  const search = searchPairs(url);
  for (const name of search.keys()) if (!known.includes(name)) throw unknownOption(name, known);
  return search;
}

/** Returns the error for an unknown option. `besides` describes further options that have no fixed name. */
export function unknownOption(name: string, known: Iterable<string>, besides = ''): QueryError {
  const names = [...known];
  const meant = didYouMean(suggest(name, names));
  const listed =
    names.length === 0 ? 'This address takes no options.' : `Known: ${names.join(', ')}${besides}.`;
  return new QueryError('bad-request', `unknown option ${excerptOf(name)} in the query string`, {
    hint: meant === null ? listed : `${meant[0]!.toUpperCase()}${meant.slice(1)} ${listed}`,
  });
}
