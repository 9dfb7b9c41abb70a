import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { MUTANTS, mutated } from '../attack/mutant-list.ts';

/** The attacks against a build without each protection take half an hour (`npm run attack:mutants`); that there is something to take away is tested here. */
describe('the protections that attacks are tried without', () => {
  for (const mutant of MUTANTS)
    it(`can be taken out of ${mutant.file}: ${mutant.name}`, () => {
      const source = readFileSync(new URL(`../../${mutant.file}`, import.meta.url), 'utf8');
      expect(mutated(source, mutant)).to.not.equal(source);
    });
});
