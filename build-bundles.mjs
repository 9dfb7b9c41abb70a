/**
 * Bundles the programs of the processes over their compiled files: one file loads faster than hundreds (docs/decisions/0087).
 * Modules that are imported late stay in files of their own, bundle-*.js beside the program: in one file, the packages that they
 * import would be loaded with the program.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/**
 * The DSL worker brings its packages with it, except for the native module, which must stay where its shared library lies, and
 * apache-arrow, which is large and seldom needed. Bundled CommonJS packages call require() for the externals.
 */
const DSL_WORKER = {
  entry: 'workers/dsl/worker.ts',
  options: {
    external: ['@duckdb/node-bindings*', 'apache-arrow'],
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
    },
  },
};
const WITHOUT_PACKAGES = [
  ...['server/main.ts', 'server/planning/planner-thread.ts', 'workers/sql/worker.ts', 'logger/main.ts'],
  ...['cli/main.ts', 'cli/config-process.ts'],
].map((entry) => ({ entry, options: { packages: 'external' } }));

/** Bundles those programs whose entry is one of `inputs`. Resolves to whether all went well; esbuild prints its errors. */
export async function buildBundles(root, staging, inputs) {
  const wanted = [DSL_WORKER, ...WITHOUT_PACKAGES].filter(({ entry }) =>
    inputs.includes(entry.split('/').join(sep)),
  );
  if (wanted.length === 0) return true;
  const esbuild = await import('esbuild');
  const results = await Promise.all(
    wanted.map(({ entry, options }) =>
      esbuild
        .build({
          absWorkingDir: root,
          entryPoints: [entry],
          outdir: join(staging, dirname(entry)),
          splitting: true,
          chunkNames: 'bundle-[name]-[hash]',
          bundle: true,
          allowOverwrite: true,
          platform: 'node',
          format: 'esm',
          target: 'node20',
          sourcemap: true,
          sourcesContent: false,
          plugins: [stageFiles, ownUrls(join(root, dirname(entry)))],
          logLevel: 'warning',
          ...options,
        })
        .then(
          () => true,
          () => false,
        ),
    ),
  );
  return results.every(Boolean);
}

const STAGE_FILES = /[\\/]language[\\/]stages[\\/]kit[\\/]stage-files\.ts$/;

/** The stages, which are found in their folder, are parts of a bundle too: a file beside it would bring its own copies of what it imports. */
const stageFiles = {
  name: 'stage-files',
  setup(builder) {
    builder.onLoad({ filter: STAGE_FILES }, async ({ path }) => {
      const names = (await readdir(dirname(dirname(path)))).filter((name) => name.endsWith('.ts')).sort();
      const imports = names.map((name, index) => `import { stage as stage${index} } from '../${name}';`);
      const list = names.map((_, index) => `stage${index}`).join(', ');
      return { contents: `${imports.join('\n')}\nexport const STAGES = [${list}];\n`, loader: 'ts' };
    });
  },
};

/**
 * Inside a bundle every module's import.meta.url would be the bundle's own. Our modules find files beside
 * themselves by it, so each keeps the address that it has when it is not bundled. All files of a bundle lie in `folder`.
 */
const ownUrls = (folder) => ({
  name: 'own-urls',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (path.includes(`${sep}node_modules${sep}`)) return null;
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return null;
      const own = relative(folder, path).split(sep).join('/').replace(/\.ts$/, '.js');
      const url = `new URL(${JSON.stringify(own)}, import.meta.url).href`;
      return { contents: text.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
});
