/**
 * A completion gives a database two seconds and is answered without what it would have said, with a warning. Where other tests keep the
 * machine busy that is too short now and then, and it says nothing about what the server knows: it is asked again.
 */
import { until } from './until.ts';

const LATE = /did not answer within \d+ ms|the time limit passed/;
const DEADLINE_MS = 30_000;

/** Asks until every database answered in time, and resolves to that answer: any value that has the text of the answer in its JSON. */
export async function inTime<Answer>(ask: () => Promise<Answer>): Promise<NonNullable<Answer>> {
  const answerInTime = async (): Promise<Answer | null> => {
    const answer = await ask();
    return LATE.test(JSON.stringify(answer)) ? null : answer;
  };
  return await until(answerInTime, DEADLINE_MS, 'a completion for which the database answered in time');
}
