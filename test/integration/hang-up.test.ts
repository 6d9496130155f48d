import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { endingWithInput, endsWithInput } from '../../src/adapters/databases/hang-up.ts'
import { needTools } from '../engine/apt.ts'

await needTools({ busybox: 'busybox-static' })

/** The shells of images: Debian's, those that brought their own, Alpine's. */
const shells: readonly { readonly words: readonly string[] }[] = [
  { words: ['dash'] },
  { words: ['bash'] },
  { words: ['busybox', 'sh'] },
]

interface Ran {
  readonly code: number | null
  readonly stdout: string
}

/** Runs a line as the engine runs one in a container: first of its group, with an input that stays open, or ends. */
function run(shell: readonly string[], line: string, hangUp: boolean): Promise<Ran> {
  const [program = '', ...words] = shell
  const child = spawn(program, [...words, '-c', line], { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (hangUp && stdout.includes('begun')) child.stdin.end()
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      child.stdin.destroy()
      resolve({ code, stdout })
    })
  })
}

describe.each(shells)('what is started in a container, by $words', ({ words }) => {
  test('ends as it would while somebody listens', async () => {
    const one = `${endingWithInput(`sh -c 'echo said; exit 3'`)}exit $code`
    expect(await run(words, one, false)).toEqual({ code: 3, stdout: 'said\n' })
    expect(await run(words, `${endsWithInput}echo said; exit 4`, false)).toEqual({
      code: 4,
      stdout: 'said\n',
    })
  })

  test('ends every time, also where it has hardly begun', async () => {
    const line = `${endingWithInput(`sh -c 'exit 3'`)}exit $code`
    for (let round = 0; round < 100; round += 10) {
      const ends = await Promise.all(Array.from({ length: 10 }, () => run(words, line, false)))
      expect(new Set(ends.map(({ code }) => code))).toEqual(new Set([3]))
    }
  })

  test('is ended when nobody does any more', async () => {
    const one = `echo begun\n${endingWithInput('sleep 600')}exit $code`
    expect(await run(words, one, true)).toEqual({ code: 143, stdout: 'begun\n' })
    const all = `${endsWithInput}echo begun; sleep 600; echo 'still there'`
    expect(await run(words, all, true)).toEqual({ code: 1, stdout: 'begun\n' })
  })
})
