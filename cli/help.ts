/** The text that `forkline help` prints. */
import { FORMATS } from './formats.ts';

export const HELP = `forkline: a query server, SQL | stage | stage ...

  forkline start [--config FILE]        start the server; without a configured database it brings its own,
                                        with demo data. Stop it with Ctrl-C
  forkline query [options] 'QUERY'      run a query and print its answer; without QUERY it is read from stdin
  forkline explain [options] 'QUERY'    show how a query would run, without running it (--json); --database: with the
                                        plan that the database itself makes of its part (Spark)
  forkline compile [options] 'QUERY'    print a step of the compiler as JSON, without a server: --step tree,
                                        resolved, placed or statements; --describe FILE has the columns
  forkline fmt [FILE...]                format queries, one a file; without FILE, or for -, from stdin to stdout.
                                        --write replaces the files, --check only names those that would change;
                                        --dialect legacy: they are of the legacy language
  forkline status [--json]              show the server's processes and queries; with --local of the monitor,
                                        which answers without the server (--config)
  forkline top [--once]                 the same, live: sort, choose a query, kill it
  forkline logs [options]               the log: --query ID of one query, --level LEVEL and above, --since TIME,
                                        --limit N lines; with --summary rates, slowest and most failing queries
  forkline scale sql=N dsl=N            other numbers of workers, until the next reload or restart (--config)
  forkline doctor [--json]              whether each database answers, and what its role may do too much (--config)
  forkline grants                       print SQL for a PostgreSQL superuser: it takes from everybody what no query
                                        needs
  forkline extensions install           what the configuration's files need of the stage engine's extensions; of FILE...
                                        without a network (--repository DIR or URL). extensions list (--json, --config)
  forkline keys create NAME             an API key, printed once: --expires 90d or a date, --roles a,b, or
                                        --only metrics. keys list (--json); keys revoke ID (--config)
  forkline policy apply                 print SQL for PostgreSQL: the views that the policy gives to logins of roles
  forkline policy check                 whether the policy has mistakes; policy explain --as NAME ['QUERY']: what
                                        these roles, or this key's, may do, and which rule decides (--json, --config)
  forkline audit verify [FILE]          whether the audit is whole; --head N:HASH that it has this kept head (--json).
                                        audit head: the newest record's number and hash (--config)

  forkline query --async 'QUERY'        start the query as a job and print its id; jobs lists yours (--json), jobs show ID,
                                        jobs result ID (--format F, --offset N, --limit N rows), jobs rm ID: cancel or remove
  forkline cache ls                     kept answers (--json, --limit N); cache purge: say what has changed, --table,
                                        --tag, --model, --shape 'QUERY', --connection or --all (--remove); cache
                                        advise: slow queries that are asked again (--since TIME); cache trigger
                                        TABLE: the SQL by which PostgreSQL tells that the table has changed

  forkline model list                   the models: --tag T, --search WORDS (--json). model show NAME (--at VERSION),
                                        versions, uses, test, diff (--from, --to): one of them
  forkline model create FILE            a model of a file; edit NAME, remove NAME, rollback NAME --to VERSION
                                        change one (--reason TEXT)
  forkline model apply PATH...          all models of files or folders or none of them, after showing what differs:
                                        --dry-run only shows it, --prune removes others. model export FOLDER
  forkline migrate-query 'QUERY'        a query of the legacy language in today's: of stdin without QUERY, of files
                                        with --files FILE...; --model NAME is what \`*\` reads. The server tells the
                                        columns, or --describe FILE. Exit code 1: something has no counterpart
  forkline connection list              the connections (--json); show NAME; test NAME or a FILE that need not be saved
  forkline connection create FILE       a connection of a file, in use at once; edit NAME, remove NAME (--reason TEXT)
  forkline migrate [--check]            bring the store of models up to date (--config)

  --url URL             the server (or FORKLINE_URL; http://127.0.0.1:8080 otherwise); FORKLINE_KEY has the key or
                        token for it
  --format FORMAT       ${FORMATS.join(', ')}; a table on a terminal, json elsewhere
  --param NAME=VALUE    a value for :NAME in the query; a number, true, false, null, a list
                        ('[1, 2]') or text ('"12"' is text)
  --connection NAME     the database to ask
  --limit N             the most rows to answer with, the most lines of the log
  --since TIME          ISO 8601 (2026-01-31T12:00:00Z), or how long ago: 30s, 15m, 2h, 7d
  --timeout MS          the most time that the query may take
  --encrypt             encrypt the query, and its answer; --encrypt-to KEYID: for this key of the server only
  --json                as the API answers, for programs
  --once                print once and end, as without a terminal
  --config FILE         configuration; forkline.config.json otherwise
  --help, --version

Exit codes: 0 done, 1 the query or the server failed, or fmt --check or doctor
found something, 2 a mistake in command line or configuration.`;
