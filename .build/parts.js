// The files of dist/, and how esbuild makes each: the small entry that every command pays for, the application that
// guarded and own commands load, what coding agents ask before every command, the small child that watches over a backup, the one that encrypts where the host has no
// age, the one that reads SQLite where it has no sqlite3, and one file per heavy library, loaded only where it is used.
import { build } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))

/** The libraries that get a file of their own. Anything else imported from node_modules is bundled where it is used. */
const heavy = [
  'age-encryption',
  'chalk',
  'croner',
  'dockerode',
  'inquirer',
  'nodemailer',
  'ora',
  'unbash',
  'yaml',
]

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  define: { __VERSION__: JSON.stringify(version) },
  // Loading a CommonJS file by `import()` starts Node's module loader, which costs more than the file.
  supported: { 'dynamic-import': false },
}

/** A heavy library stays a dynamic import at run time, of its own file beside the bundle. */
const heavyApart = {
  name: 'heavy-libraries-apart',
  setup(context) {
    const isHeavy = new RegExp(`^(${heavy.join('|')})$`)
    context.onResolve({ filter: isHeavy }, ({ path }) => ({ path: `./lib-${path}.cjs`, external: true }))
    context.onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './app.cjs', external: true }))
    context.onResolve({ filter: /^\.\/hook-main\.ts$/ }, () => ({ path: './hook.cjs', external: true }))
  },
}

/** Builds everything into a folder. With `write: false` nothing is written. Resolves with one metafile of all parts. */
export async function buildAll(folder, { write = true } = {}) {
  const built = await Promise.all([
    buildPart('entry', `${folder}/safe-compose.cjs`, write),
    buildPart('docker-entry', `${folder}/safe-docker.cjs`, write),
    buildPart('main', `${folder}/app.cjs`, write),
    buildPart('hook-main', `${folder}/hook.cjs`, write),
    buildPart('guardian', `${folder}/guardian.cjs`, write),
    buildPart('age', `${folder}/age.cjs`, write),
    buildPart('sqlite', `${folder}/sqlite.cjs`, write),
    ...heavy.map(name => buildLibrary(name, `${folder}/lib-${name}.cjs`, write)),
  ])
  const metafiles = built.map(({ metafile }) => metafile)
  return {
    inputs: Object.assign({}, ...metafiles.map(({ inputs }) => inputs)),
    outputs: Object.assign({}, ...metafiles.map(({ outputs }) => outputs)),
  }
}

export function buildPart(name, outfile, write = true) {
  return build({ ...common, write, entryPoints: [`src/${name}.ts`], outfile, plugins: [heavyApart] })
}

function buildLibrary(name, outfile, write) {
  return build({
    ...common,
    write,
    stdin: { contents: asNodeImportsIt(name), resolveDir: root },
    outfile,
    minify: true,
    // Optional native helpers of the ssh library, guarded by their users; our ssh goes through the ssh program.
    external: ['cpu-features', '*.node'],
    // The gRPC client inside dockerode serves builds with BuildKit sessions, which nothing here starts.
    plugins: [replaceModule(/^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/)],
  })
}

/**
 * An import of a CommonJS file gets all of `module.exports` as its default, as in Node. So what an ES module exports
 * by default becomes that, and carries the named exports.
 */
function asNodeImportsIt(name) {
  return `
    const all = require('${name}')
    module.exports = all.__esModule && all.default !== undefined ? Object.assign(all.default, { ...all, default: undefined }) : all
  `
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
