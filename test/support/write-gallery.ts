/** `npm run gallery`: writes what every query of the gallery of errors says now. */
import { readFileSync, writeFileSync } from 'node:fs';
import { errorOf, GALLERY, galleryText, readGallery } from './gallery.ts';

const entries = readGallery(readFileSync(GALLERY, 'utf8'));
writeFileSync(GALLERY, galleryText(entries.map(({ query }) => ({ query, rendered: errorOf(query) }))));
