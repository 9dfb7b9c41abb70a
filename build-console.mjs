/**
 * Builds the console for browsers: one script and one style sheet with the hash of their content in their names, what is loaded
 * late in files of its own, and each compressed beforehand, so that the server only sends files. index.html gets their names.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const compress = {
  '.br': (bytes) =>
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  '.gz': (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

/** Resolves to whether it was built; its errors are on the terminal then. */
export async function buildConsole(root, outdir) {
  // Names change with the content, so files of an earlier build would stay for ever.
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const esbuild = await import('esbuild');
  const options = {
    absWorkingDir: root,
    entryPoints: { console: 'console/main.tsx', style: 'console/styles.css' },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'chrome110', 'firefox115', 'safari16.4'],
    minify: true,
    metafile: true,
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    tsconfig: 'console/tsconfig.json',
    logLevel: 'warning',
  };
  const result = await esbuild.build(options).catch(() => null); // esbuild has printed its errors
  if (result === null) return false;
  const outputs = Object.entries(result.metafile.outputs);
  const nameOf = (entry) => basename(outputs.find(([, { entryPoint }]) => entryPoint === entry)[0]);
  const page = (await readFile(join(root, 'console/index.html'), 'utf8'))
    .replace('{{script}}', `console/${nameOf('console/main.tsx')}`)
    .replace('{{style}}', `console/${nameOf('console/styles.css')}`);
  await writeFile(join(outdir, 'index.html'), page);
  await Promise.all(outputs.map(([file]) => compressFile(join(root, file))));
  return true;
}

async function compressFile(file) {
  const bytes = await readFile(file);
  for (const [suffix, make] of Object.entries(compress)) await writeFile(file + suffix, await make(bytes));
}
