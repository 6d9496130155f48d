import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { childVariables, runProgram } from './scenario.ts'
import type { Ended } from './scenario.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the Debian package: must install into an empty root, run there, and leave nothing when it is removed', async () => {
  const home = await mkdtemp(join(tmpdir(), 'safe-compose-deb-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const run = (program: string, ...words: readonly string[]): Promise<Ended> =>
    runProgram(program, words, { directory: root, variables: childVariables({ HOME: home }) })
  const well = async (program: string, ...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(program, ...words)
    expect(code, `${stderr}${stdout}`).toBe(0)
    return stdout
  }
  const file = (await well(process.execPath, '.build/deb.js')).trim()
  expect(await well('dpkg-deb', '--field', file, 'Depends')).toBe('nodejs (>= 20.19)\n')
  expect(await well('dpkg-deb', '--contents', file)).toMatch(
    /root\/root .* \.\/usr\/bin\/safe-compose -> \.\.\/lib\//,
  )

  const system = join(home, 'system')
  await mkdir(join(system, 'var/lib/dpkg/updates'), { recursive: true })
  await mkdir(join(system, 'var/lib/dpkg/info'))
  await writeFile(join(system, 'var/lib/dpkg/status'), '')
  // An empty root has no Node; it is run by ours.
  await well('dpkg', `--root=${system}`, '--force-depends', '--force-script-chrootless', '--install', file)
  const installed = await runProgram(join(system, 'usr/bin/safe-compose'), ['about', '--json'], {
    directory: home,
    variables: childVariables({
      HOME: home,
      PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    }),
  })
  expect(installed.code, installed.stderr).toBe(0)
  expect(JSON.parse(installed.stdout)).toMatchObject({ installed: join(system, 'usr/lib/safe-compose') })
  expect(await well('cat', join(system, 'usr/share/doc/safe-compose/copyright'))).toContain('dockerode')

  await well('dpkg', `--root=${system}`, '--purge', 'safe-compose')
  expect(await readdir(join(system, 'usr')).catch(() => [])).toEqual([])
})
