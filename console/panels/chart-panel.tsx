/** The chart of the answer: the one that fits, or the one that was chosen. */
import type { ComponentType } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { type ChartChoice, type ChartData, chartData, fittingChart } from '../chart/chart-data.ts';
import { isNumeric } from '../grid/cell.ts';
import { run } from '../state/runs.ts';
import { chart, chooseChart } from '../state/tabs.ts';
import { words } from '../words/words.ts';
import { NoRun } from './no-run.tsx';

type Drawing = ComponentType<{ readonly data: ChartData; readonly label: string }>;

export function ChartPanel() {
  const [drawing, setDrawing] = useState<{ readonly component: Drawing } | null>(null);
  useEffect(() => {
    void import('../chart/chart.tsx').then(({ Chart }) => setDrawing({ component: Chart }));
  }, []);
  const current = run.value;
  const said = words.value;
  if (current?.rows == null) return <NoRun />;
  const { columns, rows, rowCount } = current;
  const choice =
    usableChoice(
      chart.value,
      columns.map(({ name }) => name),
    ) ?? fittingChart(columns);
  if (choice === null) return <p class="empty">{said.noChart}</p>;
  return (
    <div>
      <ChartForm choice={choice} />
      {drawing !== null && <Drawn drawing={drawing.component} choice={choice} rowCount={rowCount} />}
      {rows.rowCount === 0 && <p class="empty">{said.noRows}</p>}
    </div>
  );
}

/** Returns null for a chart whose columns this answer does not have. */
function usableChoice(choice: ChartChoice | null, names: readonly string[]): ChartChoice | null {
  if (choice === null) return null;
  const used = [choice.x, ...choice.y, ...(choice.series === null ? [] : [choice.series])];
  return used.every((name) => names.includes(name)) ? choice : null;
}

function Drawn({
  drawing: Drawing,
  choice,
  rowCount,
}: {
  readonly drawing: Drawing;
  readonly choice: ChartChoice;
  readonly rowCount: number;
}) {
  const { columns, rows } = run.value!;
  const key = JSON.stringify(choice);
  const data = useMemo(() => chartData(choice, columns, rows!), [key, columns, rows, rowCount]);
  const label = `${choice.y.join(', ')} ${words.value.over} ${choice.x}`;
  const { leftOutRows, leftOutSeries } = data;
  return (
    <figure>
      <Drawing data={data} label={label} />
      <figcaption>
        {label}
        {leftOutRows + leftOutSeries > 0 && ` (${words.value.chartLeftOut(leftOutRows, leftOutSeries)})`}
      </figcaption>
    </figure>
  );
}

function ChartForm({ choice }: { readonly choice: ChartChoice }) {
  const said = words.value;
  const { columns } = run.value!;
  const change = (part: Partial<ChartChoice>) => {
    chooseChart({ ...choice, ...part });
  };
  const numbers = columns.filter(isNumeric).map(({ name }) => name);
  const names = columns.map(({ name }) => name);
  return (
    <form class="chart-form" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label={said.chartKind}
        value={choice.kind}
        options={[
          ['line', said.line],
          ['bar', said.bar],
        ]}
        onChange={(kind) => change({ kind: kind as ChartChoice['kind'] })}
      />
      <Choice
        label={said.over}
        value={choice.x}
        options={names.map((name) => [name, name])}
        onChange={(x) => change({ x })}
      />
      <Choice
        label={said.seriesBy}
        value={choice.series ?? ''}
        options={[['', said.none], ...names.map((name) => [name, name] as const)]}
        onChange={(name) => change({ series: name === '' ? null : name })}
      />
      <fieldset>
        <legend>{said.numbers}</legend>
        {numbers.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={choice.y.includes(name)}
              onChange={({ currentTarget }) =>
                change({
                  y: currentTarget.checked ? [...choice.y, name] : choice.y.filter((one) => one !== name),
                })
              }
            />
            {name}
          </label>
        ))}
      </fieldset>
    </form>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
