/**
 * The files for operators in deploy/ against a loaded server: /metrics passes promtool, a real Prometheus scrapes it,
 * and every expression of the dashboard finds data and of the alerts and rules is understood.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { startCollector } from '../support/collector.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { DEPLOY, needs, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { until } from '../support/until.ts';
import { families } from '../unit/server/observe/metrics-table.ts';

const DEADLINE_MS = 20_000;
const RATE_INTERVAL = '20s';
const RULES = join(DEPLOY, 'prometheus');

interface Dashboard {
  readonly panels: readonly {
    readonly type: string;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

interface RuleGroups {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string;
      readonly health: string;
      readonly lastError?: string;
    }[];
  }[];
}

const dashboard = JSON.parse(readFileSync(join(DEPLOY, 'grafana/forkline.json'), 'utf8')) as Dashboard;

/** Fills in variables as Grafana does. */
function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', RATE_INTERVAL).replaceAll('$instance', '.*');
}

const PACE_MS = 100;

/**
 * Sends some requests of each kind until it is told to stop: answers, mistakes, limits, cancelled queries. Paced, so that
 * the server and Prometheus have the machine for themselves.
 */
function load(forkline: Forkline): { stop(): Promise<void> } {
  let stopped = false;
  const queries = [
    () => forkline.query('select origin, delay from flights limit 100'),
    () =>
      forkline.query('set pushdown = off; select origin, delay from flights | stats count() by origin', {
        format: 'csv',
      }),
    () => forkline.query('select nonsense from flights'),
    () => forkline.query('select origin from flights', { format: 'ndjson' }), // above resultRows
    // A client that goes away.
    () =>
      forkline
        .query('select pg_sleep(20)::text as a', { signal: AbortSignal.timeout(100) })
        .catch(() => null),
    () => forkline.query('select pg_sleep(20)::text as a', { body: { limits: { timeoutMs: 20 } } }),
  ];
  const loops = queries.map(async (query) => {
    while (!stopped) {
      await query();
      await delay(PACE_MS);
    }
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(loops);
    },
  };
}

describe('a real Prometheus', function () {
  this.timeout(90_000);

  it('the configuration and the rules are valid, and the alerts do what their tests say', function () {
    needs(this, 'promtool');
    execFileSync('promtool', ['check', 'config', join(RULES, 'prometheus.yml')], { encoding: 'utf8' });
    const tested = spawnSync('promtool', ['test', 'rules', join(RULES, 'alerts.test.yml')], {
      encoding: 'utf8',
    });
    expect(tested.status, tested.stdout + tested.stderr).to.equal(0);
  });

  it('each alert has a test and a section in docs/monitoring.md', () => {
    const read = (path: string) => readFileSync(join(DEPLOY, path), 'utf8');
    const alerts = [...read('prometheus/alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
    const tests = read('prometheus/alerts.test.yml');
    const manual = read('../docs/monitoring.md');
    expect(alerts.length).to.be.above(10);
    for (const name of alerts) {
      const cases = tests.split(`alertname: ${name}\n`).slice(1);
      expect(
        cases.some((text) => /^.*\n +exp_alerts:\n/.test(text)),
        `${name} fires in a test`,
      ).to.equal(true);
      expect(manual, name).to.contain(`\`${name}\``);
    }
  });

  it('scrapes a loaded server: every panel has data, every rule is evaluated, promtool finds no fault', async function () {
    needs(this, 'prometheus');
    needs(this, 'promtool');
    await using collector = await startCollector();
    await using forkline = await startForkline({
      tracing: { endpoint: collector.endpoint },
      limits: { resultRows: 10_000 },
      cache: { mode: 'on' },
      jobs: { mode: 'on' },
    });
    await using prometheus = await startPrometheus(forkline.port);
    const work = load(forkline);
    try {
      await checkPanels(prometheus);
      await checkRules(prometheus);
      await checkExposition(forkline);
    } finally {
      await work.stop();
    }
  });
});

async function checkPanels(prometheus: Prometheus): Promise<void> {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  expect(panels.length).to.be.above(20);
  for (const { title, targets = [] } of panels) {
    expect(targets, title).not.to.be.empty;
    for (const { expr } of targets) {
      await until(
        async () => (await prometheus.query(filledIn(expr))).some(({ value }) => value[1] !== 'NaN'),
        DEADLINE_MS,
        `the panel "${title}" has data: ${expr}`,
      );
    }
  }
}

async function checkRules(prometheus: Prometheus): Promise<void> {
  const all = async () =>
    ((await prometheus.api('rules')) as RuleGroups).groups.flatMap(({ rules }) => rules);
  await until(
    async () => (await all()).every(({ health }) => health !== 'unknown'),
    DEADLINE_MS,
    'all rules were evaluated',
  );
  const rules = await all();
  expect(rules.length).to.be.above(15);
  for (const { name, health, lastError, query, type } of rules) {
    expect(health, `${name}: ${lastError}`).to.equal('ok');
    await prometheus.query(query);
    if (type !== 'recording') continue;
    const recorded = async () => (await prometheus.query(name)).length > 0;
    await until(recorded, DEADLINE_MS, `${name} has a value`);
  }
  // The metrics that an alert compares must exist: an alert with a misspelt metric would never fire and never fail.
  const known = new Set((await prometheus.api('label/__name__/values')) as string[]);
  for (const { name, query } of rules) {
    for (const [metric] of query.matchAll(/\bforkline_\w+/g)) {
      // The first is counted from the first dropped line on, the second is there with Redis only.
      if (['forkline_log_lines_dropped_total', 'forkline_cache_shared_up'].includes(metric)) continue;
      if (query.includes(`job:${metric}`)) continue;
      expect(known.has(metric), `${name} reads ${metric}`).to.equal(true);
    }
  }
}

async function checkExposition(forkline: Forkline): Promise<void> {
  const { text } = await forkline.get('/metrics');
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect([checked.status, checked.stdout, checked.stderr]).to.deep.equal([0, '', '']);
  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const ours = types.filter((each) => !each.startsWith('forkline_server_'));
  expect(ours.sort()).to.deep.equal(families().map(({ name, type }) => `${name} ${type}`));
}
