/** The facts that a stage may need before it can say which columns it has. They are asked for when they are not known yet. */
import type { AskAnswer, EngineAsk } from '../../core/protocol/plan.ts';
import type { Typed } from '../types/typed.ts';

type Answer<K extends AskAnswer['kind']> = Omit<Extract<AskAnswer, { kind: K }>, 'kind'>;

export interface StageAnswers {
  /** The columns of a SELECT of the stage engine's. */
  engine(ask: Omit<EngineAsk, 'kind' | 'key' | 'span'>): Answer<'engine'>['columns'];
  /** The different values, as text, of a value of the stage's input, the least first. */
  values(value: Typed, atMost: number): Answer<'values'>;
}
