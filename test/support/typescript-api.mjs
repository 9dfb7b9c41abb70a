/**
 * TypeScript 7 has no compiler API; openapi-typescript writes its code with that of TypeScript 5, which is installed
 * beside it by another name. `node --import` of this file gives it that one.
 */
import { register } from 'node:module';

const hook = `export const resolve = (specifier, context, next) =>
  next(specifier === 'typescript' ? 'typescript-api' : specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
