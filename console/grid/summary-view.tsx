/** The content of a column as numbers and bars. */
import type { ColumnSummary } from '../rows/column-summary.ts';
import { words } from '../words/words.ts';

export function SummaryView({ summary }: { readonly summary: ColumnSummary }) {
  const { rows, nulls, distinct, distinctIsCut, numbers, top } = summary;
  const said = words.value;
  const most = Math.max(...top.map(({ count }) => count), 1);
  const shown = (count: number) => count.toLocaleString(said.locale);
  return (
    <div class="summary">
      <dl>
        <dt>{said.rows}</dt>
        <dd>{shown(rows)}</dd>
        <dt>{said.nulls}</dt>
        <dd>{shown(nulls)}</dd>
        <dt>{said.distinct}</dt>
        <dd>
          {distinctIsCut && `${said.atLeast} `}
          {shown(distinct)}
        </dd>
        {numbers !== null && (
          <>
            <dt>{said.least}</dt>
            <dd>{numbers.min}</dd>
            <dt>{said.mean}</dt>
            <dd>{numbers.mean.toPrecision(6)}</dd>
            <dt>{said.greatest}</dt>
            <dd>{numbers.max}</dd>
          </>
        )}
      </dl>
      {numbers !== null && <Histogram bins={numbers.bins} />}
      <h3>{said.mostFrequent}</h3>
      {top.map(({ text, count }) => (
        <div class="top-value" key={text}>
          <meter min={0} max={most} value={count} aria-label={text} />
          <span>
            {text.slice(0, 60)} <small>{shown(count)}</small>
          </span>
        </div>
      ))}
    </div>
  );
}

function Histogram({ bins }: { readonly bins: readonly number[] }) {
  const most = Math.max(...bins, 1);
  return (
    <svg viewBox={`0 0 ${bins.length * 10} 50`} role="img" aria-label={bins.join(', ')}>
      {bins.map((count, index) => (
        <rect
          key={index}
          x={index * 10}
          y={50 - (50 * count) / most}
          width={9}
          height={(50 * count) / most}
        />
      ))}
    </svg>
  );
}
