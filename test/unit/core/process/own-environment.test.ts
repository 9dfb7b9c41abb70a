import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { skipBecause } from '../../../support/skip.ts';

const MODULE = new URL('../../../../core/process/own-environment.ts', import.meta.url).href;

/** Returns what a process finds after it took its environment. */
function taken(env: Readonly<Record<string, string>>): Record<string, unknown> {
  const script = `
    import { readFileSync } from 'node:fs';
    import { execFileSync } from 'node:child_process';
    import { takeEnvironment } from '${MODULE}';
    const { variables, isCleared } = takeEnvironment();
    console.log(JSON.stringify({
      secret: variables.SECRET, isCleared, own: process.env.SECRET ?? null, zone: process.env.TZ,
      shown: readFileSync('/proc/self/environ', 'utf8').replaceAll('\\0', ''),
      child: execFileSync('env').toString().split('\\n').sort(),
    }));`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Record<
    string,
    unknown
  >;
}

describe('the environment of a process that took it', function () {
  this.timeout(30_000);
  before(function () {
    if (!existsSync('/proc/self/environ')) skipBecause(this, 'no /proc here');
  });

  it('has its secrets in the program, and nowhere that others see', () => {
    const env = { PATH: process.env.PATH ?? '', TZ: 'UTC', SECRET: 'hunter2', EMPTY: '' };
    const { child, ...found } = taken(env);
    expect(found).to.deep.equal({ secret: 'hunter2', isCleared: true, own: null, zone: 'UTC', shown: '' });
    expect(child).to.include('TZ=UTC').and.to.not.include('SECRET=hunter2');
  });

  it('may be large', () => {
    const large = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`SECRET_${i}`, 'x'.repeat(200)]));
    const found = taken({ PATH: process.env.PATH ?? '', SECRET: 'hunter2', ...large });
    expect([found.isCleared, found.shown]).to.deep.equal([true, '']);
  });
});
