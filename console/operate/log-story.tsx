/** The lines of all processes about one query, in the order of time, with the time since the first. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { words } from '../words/words.ts';
import type { LogLine } from './types.ts';

const EVERY_MS = 2000;
/** Members that the line shows elsewhere, or that all lines of a query have in common. */
const KNOWN = new Set([
  ...['time', 'level', 'process', 'role', 'pid', 'stream', 'seq', 'event'],
  ...['queryId', 'traceId', 'principal', 'query'],
]);

interface StoryProps {
  readonly queryId: string;
  readonly onClose: () => void;
}

export function LogStory({ queryId, onClose }: StoryProps) {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    const look = () =>
      void ask<{ lines: readonly LogLine[] }>(`v1/logs?query=${encodeURIComponent(queryId)}`).then(
        (told) => setLines(told.lines),
        (thrown: unknown) => setFailure(thrown instanceof Error ? thrown.message : String(thrown)),
      );
    look();
    const timer = window.setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [queryId]);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // The line that was clicked may lie far below, and screen readers follow the focus.
    section.current!.focus();
    section.current!.scrollIntoView({ block: 'nearest' });
  }, [queryId]);
  const first = lines[0] === undefined ? 0 : Date.parse(lines[0].time);
  return (
    <section class="story" ref={section} tabIndex={-1} aria-label={`${words.value.log} ${queryId}`}>
      <h2>
        {words.value.log} <code>{queryId}</code>
      </h2>
      {failure !== '' && <p role="alert">{failure}</p>}
      <ol>
        {lines.map((line, index) => (
          <li key={index} class={line.level}>
            <small>+{Date.parse(line.time) - first} ms</small> {line.process} <strong>{line.event}</strong>{' '}
            {membersOf(line)}
          </li>
        ))}
      </ol>
      <button type="button" onClick={onClose}>
        {words.value.close}
      </button>
    </section>
  );
}

function membersOf(line: LogLine): string {
  return Object.entries(line)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
