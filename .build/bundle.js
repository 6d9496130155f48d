// Builds dist/: the small entry that every command pays for, the application that guarded and own
// commands load, the small child that watches over a backup, the one that encrypts where the host has no
// age, and one file per heavy library, loaded only where it is used. With a folder as argument it puts the entry alone there.
import { build } from 'esbuild'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
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
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
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
  },
}

const [folder] = process.argv.slice(2)
await (folder === undefined ? buildAll() : buildPart('entry', `${folder}/safe-compose.cjs`))

/** Aside first, so that a build that fails leaves the old one as it was. */
async function buildAll() {
  const staging = `${root}.build/dist-${process.pid}`
  await mkdir(staging, { recursive: true })
  try {
    await Promise.all([
      buildPart('entry', `${staging}/safe-compose.cjs`),
      buildPart('main', `${staging}/app.cjs`),
      buildPart('guardian', `${staging}/guardian.cjs`),
      buildPart('age', `${staging}/age.cjs`),
      ...heavy.map(name => buildLibrary(name, `${staging}/lib-${name}.cjs`)),
    ])
    await writeFile(`${staging}/package.json`, '{"type":"commonjs"}\n')
    await rm(`${root}dist`, { recursive: true, force: true })
    await rename(staging, `${root}dist`)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

function buildPart(name, outfile) {
  return build({ ...common, entryPoints: [`${root}src/${name}.ts`], outfile, plugins: [heavyApart] })
}

function buildLibrary(name, outfile) {
  return build({
    ...common,
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
