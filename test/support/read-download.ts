/** Reads what the browser saved. */
import { readFile } from 'node:fs/promises';
import type { Download } from 'playwright-core';

export async function readDownload(download: Download): Promise<string> {
  return await readFile(await download.path(), 'utf8');
}
