/**
 * The budget: what an installation may weigh, what a process may load, and how much a commit may cost. A change of these lines is
 * a decision; its commit says what it buys.
 */

/** The packages that a process of a Forkline with the default configuration has loaded after a few queries, by role. */
export const LOADED_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  monitor: ['lossless-json'],
  logger: words(`
    @colors/colors @dabh/diagnostics @so-ric/colorspace async enabled fn.name inherits is-stream kuler
    logform one-time readable-stream safe-stable-stringify stack-trace triple-beam util-deprecate winston
    winston-transport
  `),
  server: words(`
    accepts async-function async-generator-function body-parser bytes call-bind-apply-helpers call-bound
    content-disposition content-type cookie cookie-signature debug depd dunder-proto ee-first encodeurl
    es-define-property es-errors es-object-atoms escape-html etag express finalhandler forwarded fresh
    function-bind generator-function get-intrinsic get-proto gopd has-flag has-symbols hasown http-errors
    iconv-lite inherits ipaddr.js is-promise lossless-json lru-cache math-intrinsics media-typer
    merge-descriptors mime-db mime-types ms negotiator object-inspect on-finished once parseurl
    path-to-regexp piscina prom-client proxy-addr qs range-parser raw-body router safer-buffer send
    serve-static setprototypeof side-channel side-channel-list side-channel-map side-channel-weakmap
    statuses supports-color toidentifier type-is unpipe vary wrappy zod
  `),
  sql: words(`
    generic-pool lru-cache pg pg-connection-string pg-int8 pg-pool pg-protocol pg-types postgres-array
    postgres-bytea postgres-date postgres-interval xtend
  `),
  dsl: words(`
    @duckdb/node-bindings @duckdb/node-bindings-linux-x64 detect-libc
  `),
};

/** The packages of which code is in the bundle of the DSL worker. */
export const BUNDLED_PACKAGES: readonly string[] = ['@duckdb/node-api'];

/** Names of packages that no process of the default configuration loads, whatever the lists above say. */
export const NEVER_LOADED =
  /grpc|redis|jose|jsonwebtoken|opentelemetry|iconv|chardet|encoding-japanese|mysql|mssql|tedious|oracledb|sqlite|mongodb|clickhouse|snowflake/;
/** Express requires iconv-lite through body-parser, 0.8 MB; its tables of charsets are loaded when one is asked for, which never happens. */
export const LOADED_ALL_THE_SAME: readonly string[] = ['iconv-lite'];

/** Limits for what `npm ci --omit=dev` installs on Linux x64: they are the measured values and some 2 %. */
export const INSTALLED = { packages: 186, megabytes: 228 };

/** `npm run budget`: the most that a commit may take of what the commit before it took, as medians. */
export const RATIOS = { idleMemory: 1.03, start: 1.1 };

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** The page of the console, compressed by Brotli, without the charts: it had 143 kB when this was written. */
export const CONSOLE = { kilobytes: 200 };
