/** The page at /docs: its curl line read a file, a reload lost the query, a path prefix broke it, its script was inline. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { expect } from 'chai';
import { STAGES } from '../../language/stages/kit/stage-files.ts';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { needs } from '../support/prometheus.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface FakeElement {
  value: string;
  textContent: string;
  disabled: boolean;
  onclick?: () => Promise<void>;
  oninput?: () => void;
  replaceChildren(): void;
}

/** The page's script in just as much of a browser as it needs. */
class Page {
  readonly elements = new Map<string, FakeElement>();
  readonly asked: string[] = [];
  readonly location: { href: string; hash: string };

  constructor(script: string, href: string, query = 'select 1 as one') {
    this.location = { href, hash: new URL(href).hash };
    this.element('query').value = query;
    const context = createContext({
      URL,
      addEventListener: () => {},
      crypto: globalThis.crypto,
      document: { getElementById: (id: string) => this.element(id), createElement: () => ({ append() {} }) },
      fetch: (path: string) => {
        this.asked.push(new URL(path, href).href);
        return Promise.reject(new Error('no network here'));
      },
      history: { replaceState: (_: unknown, __: unknown, to: string) => this.#go(to) },
      location: this.location,
    });
    runInContext(script, context);
  }

  element(id: string): FakeElement {
    const known = this.elements.get(id);
    if (known !== undefined) return known;
    const made: FakeElement = { value: '', textContent: '', disabled: false, replaceChildren: () => {} };
    this.elements.set(id, made);
    return made;
  }

  type(query: string): void {
    this.element('query').value = query;
    this.element('query').oninput!();
  }

  get curl(): string {
    return this.element('curl').textContent;
  }

  #go(to: string): void {
    this.location.href = new URL(to, this.location.href).href;
    this.location.hash = new URL(this.location.href).hash;
  }
}

describe('the page at /docs', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let script: string;
  before(async () => {
    forkline = await sharedForkline();
    script = (await forkline.get('/docs.js')).text;
  });

  it('has a curl line that sends the query as it stands there', async function () {
    needs(this, 'curl');
    const page = new Page(script, `${forkline.url}/docs`);
    for (const query of [
      '@main select 1 as one',
      "select 'it''s' as one, '$HOME `id` \\ \"x\"' as two",
      'select 1 as one\n| where one = 1\n| eval two = one + 1',
      'query=select+1',
      '<select 1',
      "select 'é😀' as one",
    ]) {
      page.type(query);
      const answer = execFileSync('sh', ['-c', page.curl], { encoding: 'utf8' });
      const expected = await forkline.query(query);
      const { rows, code } = JSON.parse(answer) as { rows?: unknown; code?: unknown };
      expect([rows, code], query).to.deep.equal([expected.json.rows, expected.json.code]);
    }
  });

  it('keeps the query in its address, over a reload, and runs nothing by itself', () => {
    const page = new Page(script, `${forkline.url}/docs`);
    const query = "@main select '%+&#é😀' as a\n| head 5";
    page.type(query);
    const again = new Page(script, page.location.href);
    expect(again.element('query').value).to.equal(query);
    expect(again.curl).to.contain('@main select');
    expect(again.asked).to.deep.equal([]);
    expect(new Page(script, `${forkline.url}/docs#q=%ff`).element('query').value).to.equal('select 1 as one');
  });

  it('works below a path prefix', async () => {
    await using proxy = await startPrefixProxy(forkline.port, '/tools/forkline');
    const start = await fetch(`${proxy.url}/tools/forkline/docs`);
    expect((await fetch(`${proxy.url}/tools/forkline/docs/`)).url).to.equal(start.url);
    const html = await start.text();
    const links = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links).to.include.members(['docs.css', 'docs.js', 'openapi.json', 'metrics']);
    for (const link of links) {
      const response = await fetch(new URL(link, start.url));
      expect([response.status, response.url.startsWith(`${proxy.url}/tools/forkline/`)], link).to.deep.equal([
        200,
        true,
      ]);
      await response.arrayBuffer();
    }
    const page = new Page(script, start.url);
    for (const id of ['run', 'explain']) await page.element(id).onclick!();
    expect(page.asked).to.deep.equal(
      ['query', 'explain'].map((name) => `${proxy.url}/tools/forkline/v1/${name}`),
    );
    expect(page.curl).to.contain(`${proxy.url}/tools/forkline/v1/query `);
    const { servers } = (await (await fetch(new URL('openapi.json', start.url))).json()) as {
      servers: { url: string }[];
    };
    expect(new URL(servers[0]!.url, `${proxy.url}/tools/forkline/openapi.json`).href).to.equal(
      `${proxy.url}/tools/forkline/`,
    );
  });

  it('needs nothing inline, and its policy allows nothing inline', async () => {
    const { text, headers } = await forkline.get('/docs');
    expect(text).not.to.match(/<style|<script(?![^>]* src=)| on\w+=| style=|javascript:/i);
    const policy = headers.get('content-security-policy')!;
    expect(policy)
      .to.contain("default-src 'none'")
      .and.contain("script-src 'self'")
      .and.contain("frame-ancestors 'none'");
    expect(policy).not.to.contain('unsafe');
    expect((await forkline.get('/docs.js')).headers.get('content-type')).to.match(/javascript/);
    expect((await forkline.get('/docs.css')).headers.get('content-type')).to.match(/^text\/css/);
  });

  it('names every stage, none that is not there, and pages that are', async () => {
    const { text } = await forkline.get('/docs');
    const table = [...text.matchAll(/<tr><td>([^<]+)<\/td>/g)].flatMap(([, names]) => names!.split(', '));
    const more = /More stages \(([^)]+)\)/.exec(text)![1]!.split(/,\s+/);
    expect([...table, ...more].sort()).to.deep.equal(STAGES.map(({ name }) => name).sort());
    const pages = [...text.matchAll(/docs\/\w+\.md/g)].map(([page]) => page);
    expect(pages).to.include('docs/reference.md');
    for (const page of pages) expect(readFileSync(`${ROOT}${page}`, 'utf8')).not.to.equal('');
    const reference = readFileSync(`${ROOT}docs/reference.md`, 'utf8');
    for (const stage of more) expect(reference).to.contain(`### ${stage}\n`);
  });
});

interface PrefixProxy extends AsyncDisposable {
  readonly url: string;
}

/** Hands on what comes below the prefix, without it, as reverse proxies do. */
async function startPrefixProxy(port: number, prefix: string): Promise<PrefixProxy> {
  const server: Server = createServer((request, response) => {
    if (!request.url!.startsWith(`${prefix}/`)) return void response.writeHead(404).end();
    const path = request.url!.slice(prefix.length);
    const options = { host: '127.0.0.1', port, path, method: request.method!, headers: request.headers };
    const upstream = httpRequest(options, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(upstream);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
