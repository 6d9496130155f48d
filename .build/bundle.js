// Builds dist/: the small entry that every command pays for, the application that guarded and own
// commands load, and one file per heavy library, loaded only where it is used.
import { build } from 'esbuild'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))

/** The libraries that get a file of their own. Anything else imported from node_modules is bundled where it is used. */
const heavy = ['chalk', 'dockerode', 'inquirer', 'ora', 'yaml', 'execa']

const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { __VERSION__: JSON.stringify(version) },
}

/** A heavy library stays a dynamic import at run time, of its own file beside the bundle. */
const heavyApart = {
  name: 'heavy-libraries-apart',
  setup(context) {
    const isHeavy = new RegExp(`^(${heavy.join('|')})$`)
    context.onResolve({ filter: isHeavy }, ({ path }) => ({ path: `./lib-${path}.cjs`, external: true }))
    context.onResolve({ filter: /^\.\/app\.ts$/ }, () => ({ path: './app.cjs', external: true }))
  },
}

const staging = `${root}.build/dist-${process.pid}`
await mkdir(staging, { recursive: true })
try {
  await Promise.all([
    build({ ...common, entryPoints: [`${root}src/entry.ts`], outfile: `${staging}/safe-compose.cjs`, plugins: [heavyApart] }),
    build({ ...common, entryPoints: [`${root}src/main.ts`], outfile: `${staging}/app.cjs`, plugins: [heavyApart] }),
    ...heavy.map(name =>
      build({
        ...common,
        stdin: { contents: `export * from '${name}'; export { default } from '${name}'`, resolveDir: root },
        outfile: `${staging}/lib-${name}.cjs`,
        minify: true,
        // Optional native helpers of the ssh library, guarded by their users; our ssh goes through the ssh program.
        external: ['cpu-features', '*.node'],
        // The gRPC client inside dockerode serves builds with BuildKit sessions, which nothing here starts.
        plugins: [replaceModule(/^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/)],
      }),
    ),
  ])
  await writeFile(`${staging}/package.json`, '{"type":"commonjs"}\n')
  await rm(`${root}dist`, { recursive: true, force: true })
  await rename(staging, `${root}dist`)
} finally {
  await rm(staging, { recursive: true, force: true })
}

function replaceModule(filter) {
  return {
    name: 'leave-out',
    setup(context) {
      context.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }))
      context.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
    },
  }
}
