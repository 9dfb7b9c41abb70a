/** The gallery of errors: every mistake in it says exactly what stands there, with its place; most say how to mend it. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { findFunction } from '../../../../language/functions/registry.ts';
import { FOREIGN_FUNCTIONS, FOREIGN_STAGES } from '../../../../language/hints/foreign.ts';
import { findStage } from '../../../../language/stages/kit/registry.ts';
import { errorOf, GALLERY, galleryText, readGallery } from '../../../support/gallery.ts';

const TEXT = readFileSync(GALLERY, 'utf8');
const ENTRIES = readGallery(TEXT);

describe('gallery of errors', () => {
  for (const { query, rendered } of ENTRIES)
    it(query.replace('select * from flights ', '').slice(0, 80), () => {
      expect(errorOf(query)).to.equal(rendered);
      expect(rendered)
        .to.match(/--> line \d+, column \d+/)
        .and.to.include('^');
    });

  it('has many, each once, and nothing between them', () => {
    expect(ENTRIES.length).to.be.above(200);
    expect(new Set(ENTRIES.map(({ query }) => query)).size).to.equal(ENTRIES.length);
    expect(galleryText(ENTRIES)).to.equal(TEXT);
  });

  it('calls nothing foreign that is known here', () => {
    expect([...FOREIGN_FUNCTIONS.keys()].filter((name) => findFunction(name) !== null)).to.deep.equal([]);
    expect([...FOREIGN_STAGES.keys()].filter((name) => findStage(name) !== null)).to.deep.equal([]);
  });

  it('tells nearly all how to mend them', () => {
    const without = ENTRIES.filter(({ rendered }) => !rendered.includes('\nhint: '));
    expect(without.length, without.map(({ query }) => query).join('\n')).to.be.below(12);
  });
});
