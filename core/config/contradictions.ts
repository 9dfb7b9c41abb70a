/** Finds values of the configuration that are allowed alone and contradict each other. */
import type { z } from 'zod';
import { accessProblems } from './access.ts';
import { auditProblems } from './audit.ts';
import type { Option } from './option.ts';
import type { ConfigSchema } from './schema.ts';
import { tlsProblems } from './tls.ts';

type ParsedConfig = z.output<ConfigSchema>;

/** Returns the name of the connection that is the default when the configuration does not say; null: several, and none is called main. */
export function implicitDefault(names: readonly string[]): string | null {
  if (names.length === 0 || names.includes('main')) return 'main';
  return names.length === 1 ? names[0]! : null;
}

/** Returns the errors of values that are allowed alone and contradict each other. */
export function contradictions(
  parsed: ParsedConfig,
  names: readonly string[],
  namesIncomplete: boolean,
  options: readonly Option[],
): string[] {
  const errors: string[] = [];
  const { limits, dsl, defaultConnection } = parsed;
  const mendOf = (path: string) => options.find((option) => option.path === path)?.notes.variable;
  if (limits.timeoutMs > limits.maxTimeoutMs) {
    errors.push(
      `limits.timeoutMs: ${limits.timeoutMs} is more than limits.maxTimeoutMs (${limits.maxTimeoutMs}). ` +
        `Lower it, or raise ${mendOf('limits.maxTimeoutMs')}`,
    );
  }
  if (
    dsl.dataLimitBytes !== undefined &&
    dsl.dataLimitBytes < limits.dslMemoryBytes + MIN_DATA_HEADROOM_BYTES
  ) {
    errors.push(
      `dsl.dataLimitBytes: ${dsl.dataLimitBytes} leaves less than 256 MiB beside limits.dslMemoryBytes ` +
        `(${limits.dslMemoryBytes}). Leave it out, or raise ${mendOf('dsl.dataLimitBytes')}`,
    );
  }
  errors.push(
    ...accessProblems(parsed),
    ...auditProblems(parsed.audit),
    ...tlsProblems(parsed.tls),
    ...legacyApiProblem(parsed.jobs),
    ...disorder(parsed.monitor),
  );
  if (namesIncomplete) return errors; // an unreadable connection must not be called unknown as well
  return [
    ...errors,
    ...defaultConnectionProblem(defaultConnection, names),
    ...listenProblems(parsed.cache.listen, names),
  ];
}

function legacyApiProblem({ mode, legacyApi }: ParsedConfig['jobs']): string[] {
  if (legacyApi === 'off' || mode === 'on') return [];
  return [
    'jobs.legacyApi: it is on, and there are no jobs. Set jobs.mode to "on" (FORKLINE_JOBS=on), or leave it out',
  ];
}

function listenProblems(listen: readonly string[], names: readonly string[]): string[] {
  const known = names.length === 0 ? ['main'] : names;
  return listen
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        `cache.listen: there is no connection ${JSON.stringify(name)}; there are: ${known.join(', ')}`,
    );
}

/** A warning that comes after the deed is none. */
function disorder(monitor: ParsedConfig['monitor']): string[] {
  const pairs = [
    ['openFilesWarnPercent', 'openFilesKillPercent'],
    ['memoryStopForkPercent', 'memoryKillPercent'],
  ] as const;
  return pairs.flatMap(([first, second]) =>
    monitor[first] <= monitor[second]
      ? []
      : [`monitor.${first}: ${monitor[first]} must not be above monitor.${second} (${monitor[second]})`],
  );
}

const MIN_DATA_HEADROOM_BYTES = 256 * 1024 ** 2;

function defaultConnectionProblem(chosen: string | undefined, names: readonly string[]): string[] {
  const known = names.length === 0 ? ['main'] : names;
  if (chosen !== undefined) {
    if (known.includes(chosen)) return [];
    return [
      `defaultConnection: there is no connection ${JSON.stringify(chosen)}; there are: ${known.join(', ')}`,
    ];
  }
  if (implicitDefault(names) !== null) return [];
  return [
    `defaultConnection: say which of ${names.join(', ')} queries use that name none. For example: "${names[0]}"`,
  ];
}
