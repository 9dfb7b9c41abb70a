/** The documents agree with each other and with the code: links lead somewhere, indexes and tables are complete. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openapiDocument } from '../../server/http/openapi.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const markdownIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const documents = ['.', 'docs', 'docs/decisions', '.github'].flatMap((folder) =>
  existsSync(join(ROOT, folder)) ? markdownIn(folder) : [],
);

/** Returns the text without code, in which brackets and # mean something else. */
function withoutCode(text: string): string {
  return text
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()#]/g, ''));
}

/** Returns the anchors of a document as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  const headings = [...prose.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  const named = [...prose.matchAll(/<a (?:name|id)="([^"]+)"/g)].map(([, name]) => name!);
  return new Set([...headings, ...named]);
}

function brokenLinks(document: string): string[] {
  const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path, anchor] = link.split('#');
    const target = path === '' ? document : join(dirname(document), path!);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).has(anchor);
  });
}

describe('the documents', () => {
  for (const document of documents)
    it(`${document} has no link that leads nowhere`, () => {
      expect(brokenLinks(document)).to.deep.equal([]);
    });

  it('are all in docs/README.md, with those of the first page', () => {
    const index = read('docs/README.md');
    const missing = [...markdownIn('docs'), ...markdownIn('.')]
      .filter((name) => name !== 'docs/README.md')
      .filter((name) => !index.includes(`](${relative('docs', name)})`));
    expect(missing).to.deep.equal([]);
  });

  it('have every decision in their index, by its title', () => {
    const index = read('docs/decisions/README.md');
    const decisions = markdownIn('docs/decisions').filter((name) => /\/\d{4}-/.test(name));
    expect(decisions).to.have.length.above(20);
    const numbers = decisions.map((name) => /(\d{4})-/.exec(name)![1]!);
    expect(new Set(numbers).size, 'a number is given twice').to.equal(numbers.length);
    for (const name of decisions) {
      const title = /^# (\d+)\. (.*)$/m.exec(read(name));
      const file = relative('docs/decisions', name);
      expect(title?.[1], name).to.equal(String(Number(file.slice(0, 4))));
      expect(index).to.include(`| [${file.slice(0, 4)}](${file}) | ${title![2]} |`);
      for (const part of ['Context', 'Decision', 'Measured', 'Consequences'])
        expect(read(name), `${name}: ${part}`).to.match(new RegExp(`^## ${part}$`, 'm'));
    }
  });

  it('name every route of the API in docs/api.md', () => {
    const limits = new Proxy({}, { get: () => 1 }) as Parameters<typeof openapiDocument>[0]['limits'];
    const { paths } = openapiDocument({ version: '0', limits }) as { paths: Record<string, object> };
    const overview = read('docs/api.md');
    const missing = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter((method) => ['get', 'post', 'delete', 'put', 'patch'].includes(method))
        .map((method) => `${method.toUpperCase()} ${path}`)
        .filter((route) => !/\/v1\/query\.\w+$/.test(route) && !overview.includes(route)),
    );
    expect(Object.keys(paths)).to.have.length.above(5);
    expect(missing).to.deep.equal([]);
  });

  it('have a section of the version in CHANGELOG.md, below what is not released', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const versions = [...read('CHANGELOG.md').matchAll(/^## (\S+)/gm)].map(([, name]) => name);
    expect(versions.slice(0, 2)).to.deep.equal(['Unreleased', version]);
  });

  it('name every command of package.json in CONTRIBUTING.md, and no other', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const rows = [...read('CONTRIBUTING.md').matchAll(/^\| `npm (?:run )?([\w:-]+)/gm)].map(
      ([, name]) => name,
    );
    expect(rows).to.have.members(Object.keys(scripts).filter((name) => !name.startsWith('pre')));
    for (const document of documents)
      for (const [, name] of read(document).matchAll(/npm run ([\w:-]*\w)/g))
        expect(scripts, `${document}: npm run ${name}`).to.have.property(name!);
  });
});
