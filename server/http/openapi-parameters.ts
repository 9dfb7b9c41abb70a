/** The parameters that several paths of the catalogue have. */
import { inUrl } from './openapi-parts.ts';

export const NAME = { name: 'name', in: 'path', required: true, schema: { type: 'string' } };
export const IF_MATCH = {
  ...{ name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } },
  description:
    'The version that the change was made for, as GET gives it in `ETag`; 428 without, 412 for another',
};
export const REASON = inUrl('reason', { type: 'string' }, 'Why, for the list of versions');
