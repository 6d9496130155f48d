/**
 * Why a volume is taken for a cache: what is in it can be made again at any time. Null when it is not one.
 *
 * By where it is mounted (every place must be a cache's) or by what lies at its root. Contents that name themselves a
 * cache count anywhere. `rootNames` is null where the content could not be listed.
 */
export function cacheReason(
  mountPaths: readonly string[],
  rootNames: readonly string[] | null,
): string | null {
  const places = mountPaths.map(placeOf)
  const [first = null] = places
  if (first !== null && places.every(place => place !== null)) return first
  if (mountPaths.length > 0 && rootNames === null) return null
  return contentReason(rootNames ?? [])
}

/** Ends of mount paths, and what is kept there. */
const cachePlaces: readonly (readonly [RegExp, string])[] = [
  [/\/node_modules$/, 'node_modules'],
  [/\/\.npm(\/_cacache)?$/, 'the npm cache'],
  [/\/\.yarn\/(berry\/)?cache$/, 'the Yarn cache'],
  [/\/\.cache\/yarn$/, 'the Yarn cache'],
  [/\/usr\/local\/share\/\.cache$/, 'the Yarn cache'],
  [/\/\.pnpm-store$/, 'the pnpm store'],
  [/\/\.local\/share\/pnpm\/store$/, 'the pnpm store'],
  [/\/\.pnp$/, 'the Yarn cache'],
  [/\/\.bun\/install\/cache$/, 'the Bun cache'],
  [
    /\/\.(next|nuxt|turbo|parcel-cache|svelte-kit|angular|vite|webpack|eslintcache)(\/cache)?$/,
    'a build cache',
  ],
  [/\/(root|home\/[^/]+)\/\.cache$/, 'a cache directory'],
  [
    /\/\.cache\/(pip|pypoetry|uv|go-build|composer|deno|puppeteer|ms-playwright|electron|Cypress|ccache|sccache|pre-commit|huggingface)$/,
    'a cache directory',
  ],
  [/\/(\.ccache|\.sccache)$/, 'a compiler cache'],
  [/\/(__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox|\.nox)$/, 'a Python cache'],
  [/\/\.(venv|virtualenv)$/, 'a Python environment'],
  [/\/go\/pkg(\/mod)?$/, 'the Go module cache'],
  [/\/(\.cargo|usr\/local\/cargo)\/(registry|git)$/, 'the Cargo cache'],
  [/\/\.m2(\/repository)?$/, 'the Maven repository cache'],
  [/\/\.gradle(\/caches)?$/, 'the Gradle cache'],
  [/\/\.(ivy2|sbt|coursier)(\/cache)?$/, 'the Scala build cache'],
  [/\/\.nuget\/packages$/, 'the NuGet cache'],
  [/\/usr\/local\/bundle$/, 'the Bundler gems'],
  [/\/vendor\/bundle$/, 'the Bundler gems'],
  [/\/\.composer\/cache$/, 'the Composer cache'],
  [
    /\/var\/cache(\/(apt|apk|dnf|yum|nginx|pacman|man|fontconfig|debconf|ldconfig))(\/.*)?$/,
    'a cache directory',
  ],
  [/\/var\/lib\/apt\/lists$/, 'the apt lists'],
]

/** Names that only the maker of a cache puts at its root. */
const cacheMarks: Readonly<Record<string, string>> = {
  'CACHEDIR.TAG': 'marked as a cache (CACHEDIR.TAG)',
  '.package-lock.json': 'node_modules',
  '.yarn-integrity': 'node_modules',
  '.modules.yaml': 'node_modules',
  '.yarn-state.yml': 'node_modules',
  _cacache: 'the npm cache',
}

function placeOf(path: string): string | null {
  const plain = path.replace(/\/+$/, '')
  return cachePlaces.find(([pattern]) => pattern.test(plain))?.[1] ?? null
}

function contentReason(rootNames: readonly string[]): string | null {
  for (const name of rootNames) {
    const reason = Object.hasOwn(cacheMarks, name) ? cacheMarks[name] : undefined
    if (reason !== undefined) return reason
  }
  return null
}
