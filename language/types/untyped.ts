/** Parameters that came as text of a URL: what they stand beside decides whether they are text, a number or a bool. */
import { QueryError } from '../../core/protocol/errors.ts';
import { typeOfUntyped } from './parameter-types.ts';
import type { Typed, TypedParameter } from './typed.ts';

/** Says whether the value is text of a URL, whose type its neighbours decide. */
export function isUntyped(typed: Typed): typed is TypedParameter {
  return (
    typed.kind === 'parameter' && typed.type.kind === 'string' && typed.parameterKind.startsWith('untyped')
  );
}

/** An untyped parameter as the number or bool that it looks like: exactly that one, which cannot fail. Null: it is text. */
export function asWritten(parameter: TypedParameter): Typed | null {
  const type = typeOfUntyped(parameter.parameterKind);
  return type === null ? null : { ...parameter, type };
}

/** Untyped parameters are text where text fits, and what they look like where it does not. */
export function resolveWith(args: readonly Typed[], resolve: (args: readonly Typed[]) => Typed): Typed {
  try {
    return resolve(args);
  } catch (thrown) {
    const typed = args.map((arg) => (isUntyped(arg) ? (asWritten(arg) ?? arg) : arg));
    if (!(thrown instanceof QueryError) || typed.every((arg, index) => arg === args[index])) throw thrown;
    try {
      return resolve(typed);
    } catch {
      throw thrown; // numbers are no better: the first error says more
    }
  }
}
