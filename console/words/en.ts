/** The texts of the console in English. Other languages have the same members (words.ts). */
const number = new Intl.NumberFormat('en');

function rowCount(rows: number): string {
  return `${number.format(rows)} ${rows === 1 ? 'row' : 'rows'}`;
}

function bytes(count: number): string {
  return count < 1e6
    ? `${number.format(Math.round(count / 1e3))} kB`
    : `${number.format(Math.round(count / 1e5) / 10)} MB`;
}

function seconds(ms: number): string {
  if (ms < 10_000) return `${number.format(Math.round(ms / 100) / 10)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

export const en = {
  locale: 'en',
  api: 'API',
  page: 'This page',
  commands: 'Commands',
  palette: 'Find a command',
  theme: 'Dark or light',
  language: '한국어',
  answer: 'Answer',
  state: 'State',
  runState: 'State of the run',

  run: 'Run',
  runHere: 'Run to cursor',
  runAsJob: 'Run as a job',
  stepOn: 'Rows after the next stage',
  stepBack: 'Rows after the stage before',
  cancel: 'Cancel',
  format: 'Format',
  comment: 'Comment out, or back in',
  share: 'Copy link',
  newTab: 'New query',
  closeTab: 'Close this query',
  nextTab: 'Next query',
  tabBefore: 'Query before',
  goToEditor: 'Go to the text of the query',
  goTo: (panel: string) => `Go to ${panel}`,

  query: 'Query',
  queries: 'Queries',
  queryHint: 'SQL, then stages:  select * from …  | where …  | stats count() by …',
  /** The editor's own texts, which are English by themselves. */
  editorTexts: {} as Readonly<Record<string, string>>,
  untitled: 'empty',
  connection: 'Connection',
  defaultConnection: 'default',
  connectionGone: (name: string) =>
    `There is no connection ${name} here, or you may not ask it: choose another.`,
  parameters: 'Parameters',
  parameterHint:
    'A number, true, false or null is taken as such; put a text that looks like one in "quotes". A list: [1, 2]',

  rows: 'Rows',
  chart: 'Chart',
  plan: 'Plan',
  history: 'History',
  data: 'Data',
  jobs: 'Jobs',
  server: 'Server',

  welcome: 'Ask your database',
  welcomeText:
    'Write SQL above, then stages after |. Ctrl-Enter runs it; Ctrl-Space shows what may stand at the cursor; F1 shows all commands.',
  beginWith: 'Begin with one of these',
  exampleByHour: 'Mean delay by hour of the day, as a chart',
  exampleBusiest: 'Airports with the most late flights',
  exampleFirst: 'Late flights, with a parameter for how late',
  exampleTable: (table: string) => `The first rows of ${table}`,
  noRun: 'This query has not run yet.',
  rowsGaveWay:
    'The rows of this query gave way to those of another, since the page keeps only so many. Run it again to see them.',
  noRowsArrived: 'No rows arrived.',
  noRows: 'The answer has no rows.',
  noChart: 'A chart needs a column of numbers, and a time, a category or another number to draw it over.',
  noChartNumbers: 'Choose at least one column of numbers.',
  noPlan: 'Write a query to see where its stages run.',
  noPlanOf: 'The plan appears when the query has no mistakes.',
  noHistory: 'Queries that ran in this browser are listed here.',
  find: 'Find',
  forgetHistory: 'Forget all',
  fromLink: 'This query came with a link: run it to see its answer.',
  shared: 'The link is copied',
  sharedInAddress: 'The link stands in the address of this page',
  notFormatted: (why: string) => `not formatted: ${why}`,

  chartLeftOut: (rows: number, series: number) => `not drawn: ${rowCount(rows)}, ${series} series`,
  chartKind: 'Kind',
  line: 'lines',
  bar: 'bars',
  over: 'over',
  numbers: 'Numbers',
  seriesBy: 'Series by',
  none: 'none',

  running: 'running',
  progress: (rows: number, size: number, seconds: number) =>
    `${rowCount(rows)}, ${bytes(size)}, ${seconds} s`,
  phases: {
    queue: 'waiting for a worker',
    plan: 'planning',
    describe: 'asking for columns',
    sql: 'in the database',
    stages: 'in the stages',
    handoff: 'handing over',
    dsl: 'in the stages',
    encode: 'encoding',
    done: 'done',
  },
  rowCount,
  bytes,
  seconds,
  states: {
    running: 'running',
    finished: 'finished',
    failed: 'failed',
    cancelled: 'cancelled',
    starting: 'starting',
    ready: 'ready',
    busy: 'busy',
    draining: 'draining',
    killing: 'ending',
  },
  done: (rows: number, ms: number) => `${rowCount(rows)} in ${number.format(ms)} ms`,
  cancelled: 'cancelled',
  failed: 'failed',
  partRan: 'up to the dimmed part',
  place: (line: number, column: number) => `line ${line}, column ${column}:`,
  notAllRows: (rows: number) => `${rowCount(rows)} had arrived; they are not all.`,
  away: 'The server does not answer. The text is kept; run it again once the server is back.',
  cutByPage: (rows: number, size: number) =>
    `The answer is larger than this page keeps: these are its first ${rowCount(rows)} (${bytes(size)}), and the query was ended. Download has all of them; | head or | stats makes the answer smaller.`,
  cutByServer: (rows: number) => `The answer was cut at ${rowCount(rows)} by a limit; there are more.`,

  kept: {
    hit: (age: string) => `The server kept this answer: it is ${age} old.`,
    shared: () => 'The same query ran already: this is its answer.',
    stale: (age: string) => `The server kept this answer: it is ${age} old, and is being made anew.`,
    'stale-if-error': (age: string) =>
      `The server kept this answer: it is ${age} old, since making it anew failed.`,
  },
  askAnew: 'Ask anew',
  warnings: 'Warnings',
  resultOfJob: 'This is the result of a job.',

  aboutJobs:
    'A job runs on the server without this page. Its result is kept there for a while, and can be fetched as often as you like.',
  jobStarted: 'The query runs as a job.',
  noJobs: 'You have no jobs.',
  started: 'Started',
  removeJob: 'Remove',

  models: 'Models',
  tables: 'Tables',
  loading: 'loading …',
  insert: 'Insert',
  firstRows: 'First rows',
  openText: 'Open its text',
  version: (version: number) => `version ${version}`,
  brokenSince: (moment: string) => `its contract is broken since ${new Date(moment).toLocaleString('en')}`,
  noModels: 'There are no models yet.',
  nothingFound: 'Nothing was found.',
  moreModels: (shown: number) => `These are the first ${number.format(shown)}: search for the others.`,
  moreTables: (left: number) =>
    left > 0
      ? `${number.format(left)} more: search for them.`
      : 'The connection has more tables than the server lists.',

  copy: 'Copy',
  copied: (rows: number) => `${rowCount(rows)} copied`,
  copiedOf: (rows: number, all: number) =>
    `The first ${rowCount(rows)} of ${number.format(all)} copied; Download has all of them`,
  download: 'Download',
  downloading: (format: string) => `The query runs again for ${format} …`,
  downloadingJob: (format: string) => `The result of the job is fetched as ${format} …`,
  downloaded: (file: string, size: number) => `${file} is complete (${bytes(size)})`,
  downloadCut: (file: string) => `${file} is saved, but a limit cut the answer: it has not all rows`,
  notDownloaded: (file: string, why: string) =>
    `${file} was not saved, since the answer is not whole: ${why}`,
  cancelDownload: 'Cancel the download',
  close: 'Close',
  rowNumber: (row: number) => `row ${number.format(row)}`,
  characters: (count: number) => `${number.format(count)} ${count === 1 ? 'character' : 'characters'}`,
  emptyText: 'an empty text',
  copyValue: 'Copy the value',
  valueCopied: 'The value is copied',
  valueCut: (shown: number, all: number) =>
    `${number.format(shown)} of ${number.format(all)} characters are shown; copying takes all.`,
  counting: 'counting …',
  nulls: 'null',
  distinct: 'distinct values',
  atLeast: 'at least',
  least: 'least',
  greatest: 'greatest',
  mean: 'mean',
  mostFrequent: 'Most frequent',

  stage: 'Stage',
  where: 'Where',
  why: 'Why',
  columns: 'Columns',
  source: 'database',
  worker: 'worker',
  sql: 'SQL that runs there',
  runStage: 'Show rows',

  processes: 'Processes',
  shapes: 'Slow and failing queries, by shape',
  log: 'What happened to',
  kill: 'Cancel this query',
  phase: 'Phase',
  time: 'Time',
  who: 'Who',
  count: 'Count',
  failures: 'Failed',
  longest: 'Longest',
  process: 'Process',
  memory: 'Memory',
  processor: 'Processor',
  served: 'Queries served',
  works: 'Works on',
  noQueries: 'Nothing has run yet.',

  key: 'API key',
  keyNeeded:
    'This server wants to know who asks. The key stays in this browser tab, and your text stays as it is.',
  keyRefused: 'The server refused the key: it may have expired. Your text stays as it is.',
  logIn: 'Use this key',
  logOut: 'Forget the key',
  forgetWork: 'Forget my work here',
  whatIsForgotten: (texts: number, past: number) =>
    `The key and all answers are forgotten, and what this browser keeps: ${number.format(texts)} open ${texts === 1 ? 'query' : 'queries'} with their parameters, ${number.format(past)} in the history.`,
  forgetAll: 'Forget all',
  forgetKeyOnly: 'Keep the queries',
  goBack: 'Back',
};

export type Words = typeof en;
