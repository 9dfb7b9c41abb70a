/** Checks values of models' parameters against the types that the models declare. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { ModelParameter, ModelParameterType, PlanModels } from '../../core/protocol/models.ts';
import { ExactNumber, type ParameterValue, UntypedText } from '../../core/protocol/parameters.ts';

const WHOLE = /^-?\d{1,19}$/;
const DECIMAL = /^-?(?:\d+(?:\.\d*)?|\.\d+)$/;
const FLOAT = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const CLOCK = /^\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[-+]\d{2}(?::?\d{2})?)$/;

/** Says whether the text of a value is one of the type; `typed`: the value as it came, where it has a type of its own. */
const FITS: Readonly<Record<ModelParameterType, (text: string, typed: unknown) => boolean>> = {
  string: (_text, typed) => typed === undefined || typeof typed === 'string',
  bool: (text, typed) => (typed === undefined ? /^(?:true|false)$/i.test(text) : typeof typed === 'boolean'),
  int64: (text, typed) =>
    typeof typed !== 'string' && typeof typed !== 'boolean' && WHOLE.test(text) && isInt64(text),
  float64: (text, typed) => typeof typed !== 'string' && FLOAT.test(text) && Number.isFinite(Number(text)),
  decimal: (text, typed) => typeof typed !== 'boolean' && DECIMAL.test(text),
  date: (text, typed) => isText(typed) && DAY.test(text) && isDay(text),
  time: (text, typed) => isText(typed) && CLOCK.test(text),
  timestamp: (text, typed) => isText(typed) && MOMENT.test(text) && isDay(text.slice(0, 10)),
  timestamptz: (text, typed) => isText(typed) && INSTANT.test(text) && isDay(text.slice(0, 10)),
};

const EXAMPLES: Readonly<Record<ModelParameterType, string>> = {
  string: 'a text',
  bool: 'true or false',
  int64: 'a whole number, not a text',
  float64: 'a number',
  decimal: 'a number such as 12.50',
  date: 'a date such as 2026-01-31',
  time: 'a time such as 23:59:00',
  timestamp: 'a moment such as 2026-01-31 23:59:00',
  timestamptz: 'a moment with a zone such as 2026-01-31T23:59:00Z',
};

function isText(typed: unknown): boolean {
  return typed === undefined || typeof typed === 'string';
}

function isInt64(text: string): boolean {
  const value = BigInt(text);
  return value >= -(2n ** 63n) && value < 2n ** 63n;
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Returns what is wrong with a value for the parameter, as the end of a sentence; null when it fits. A null always does. */
export function valueProblem(
  { type, list = false }: Pick<ModelParameter, 'type' | 'list'>,
  value: unknown,
): string | null {
  if (value === null) return null;
  if (list && Array.isArray(value))
    return value.every((item) => item === null || fits(type, item))
      ? null
      : `is a list of values, each ${EXAMPLES[type]}`;
  if (list) return `is a list of values, each ${EXAMPLES[type]}`;
  return fits(type, value) ? null : `is ${EXAMPLES[type]}`;
}

function fits(type: ModelParameterType, value: unknown): boolean {
  if (value instanceof UntypedText) return FITS[type](value.text, undefined);
  if (value instanceof ExactNumber) return FITS[type](value.digits, 0);
  return typeof value !== 'object' && FITS[type](String(value), value);
}

type Given = Readonly<Record<string, ParameterValue>>;

/**
 * Returns the parameters with the defaults of the models for those that were not sent. Throws missing-parameter and
 * bad-parameter, naming the model.
 */
export function withDefaults({ parameters }: Pick<PlanModels, 'parameters'>, given: Given): Given {
  if (parameters.length === 0) return given;
  const values: Record<string, ParameterValue> = { ...given };
  const defaults = new Map<string, PlanModels['parameters'][number]>();
  for (const parameter of parameters) {
    const { name, model } = parameter;
    if (Object.hasOwn(given, name)) {
      const problem = valueProblem(parameter, given[name]);
      if (problem !== null)
        throw new QueryError('bad-parameter', `the parameter :${name} of the model \`${model}\` ${problem}`, {
          hint: `GET /v1/models/${encodeURIComponent(model)} shows its parameters`,
        });
      continue;
    }
    if (parameter.default === undefined) throw missing(parameter);
    const other = defaults.get(name);
    if (other !== undefined && String(other.default) !== String(parameter.default))
      throw new QueryError(
        'missing-parameter',
        `:${name} is a parameter of the models \`${other.model}\` and \`${model}\`, which have different defaults`,
        { hint: `send a value for it: "params": {${JSON.stringify(name)}: ...}` },
      );
    defaults.set(name, parameter);
    values[name] = parameter.default;
  }
  return values;
}

function missing({ name, model, type, list }: PlanModels['parameters'][number]): QueryError {
  const wanted = valueProblem({ type, list: list ?? false }, {}) ?? '';
  return new QueryError(
    'missing-parameter',
    `the model \`${model}\` needs a value for :${name}, which ${wanted}`,
    {
      hint: `send it: "params": {${JSON.stringify(name)}: ...}; of GET /v1/models/${encodeURIComponent(model)}/rows: ?param.${name}=...`,
    },
  );
}
