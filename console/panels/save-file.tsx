/** Saves an answer as a file: a group of buttons, one for each format, and while it arrives one that cancels. */
import { useState } from 'preact/hooks';
import { isAbort, type Send, send } from '../api/client.ts';
import { download } from '../api/download.ts';
import { unreachable } from '../api/problem.ts';
import { notice } from '../state/view.ts';
import { words } from '../words/words.ts';

/** A file, and the request whose answer it has. */
export interface FileRequest {
  readonly format: string;
  readonly path: string;
  readonly options?: Send;
  readonly queryId: string;
}

/** The address of a file is needed until the browser has begun to save it. */
const KEPT_MS = 60_000;

interface SaveProps {
  readonly formats: readonly string[];
  readonly request: (format: string) => FileRequest;
  /** The beginning of what is told while it arrives. */
  readonly telling: (format: string) => string;
}

export function SaveFile({ formats, request, telling }: SaveProps) {
  const [stop, setStop] = useState<AbortController | null>(null);
  const [bytes, setBytes] = useState(0);
  const said = words.value;
  const start = async (format: string) => {
    const stopping = new AbortController();
    setBytes(0);
    setStop(stopping);
    notice.value = telling(format);
    notice.value = await save(request(format), stopping.signal, setBytes);
    setStop(null);
  };
  if (stop !== null)
    return (
      <button type="button" onClick={() => stop.abort()}>
        {said.cancelDownload} ({said.bytes(bytes)})
      </button>
    );
  return (
    <fieldset class="group">
      <legend>{said.download}</legend>
      {formats.map((format) => (
        <button
          type="button"
          key={format}
          aria-label={`${said.download} ${format}`}
          onClick={() => void start(format)}
        >
          {format}
        </button>
      ))}
    </fieldset>
  );
}

/** Resolves to what came of it, in words. */
async function save(
  { format, path, options, queryId }: FileRequest,
  signal: AbortSignal,
  arrived: (bytes: number) => void,
): Promise<string> {
  const name = `forkline.${format}`;
  const said = words.value;
  try {
    const { content, isCut } = await download(await send(path, { ...options, signal }), queryId, arrived);
    saveAs(content, name);
    return isCut ? said.downloadCut(name) : said.downloaded(name, content.size);
  } catch (thrown) {
    if (isAbort(thrown)) return said.cancelled;
    const { code, detail } = unreachable(thrown).problem;
    return said.notDownloaded(name, `${code}: ${detail}`);
  }
}

function saveAs(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
