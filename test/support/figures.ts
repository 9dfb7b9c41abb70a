/**
 * Figures that the fault suite measures on its way (how long until it answers again, how many were lost), gathered for
 * docs/reliability.md. Printed at the end of `npm run test:fault`; no test asserts them.
 */
import { atRunEnd } from './run-end.ts';

const figures = new Map<string, string[]>();

export function recordFigure(name: string, value: number, unit: string): void {
  const sofar = figures.get(name) ?? [];
  figures.set(name, [...sofar, `${Math.round(value)} ${unit}`]);
}

atRunEnd(async () => {
  if (process.env.FORKLINE_FIGURES === undefined || figures.size === 0) return;
  console.log('\nFigures of this run:');
  for (const [name, values] of figures) console.log(`  ${name}: ${values.join(', ')}`);
});
