/** Reads the command line of `forkline extensions`. */
import { UsageError } from '../kit/usage-error.ts';

export type ExtensionsCommand =
  | {
      readonly action: 'install';
      /** Files, or names of extensions; none: what the configuration needs. */
      readonly sources: readonly string[];
      /** A directory or a URL that has extensions as DuckDB's own repository has; null: that one. */
      readonly repository: string | null;
    }
  | { readonly action: 'list'; readonly json: boolean };

interface Values {
  readonly repository?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Throws UsageError. */
export function extensionsCommand({ repository, json }: Values, rest: readonly string[]): ExtensionsCommand {
  const [action, ...sources] = rest;
  switch (action) {
    case 'install':
      if (json === true) throw new UsageError('"forkline extensions install" has no option --json');
      return { action, sources, repository: repository ?? null };
    case 'list':
      if (repository !== undefined)
        throw new UsageError('"forkline extensions list" has no option --repository');
      if (sources.length > 0) throw new UsageError(`"forkline extensions list" takes no "${sources[0]}"`);
      return { action, json: json === true };
    default:
      throw new UsageError(
        'say what to do: forkline extensions install [FILE or NAME...], or forkline extensions list',
      );
  }
}
