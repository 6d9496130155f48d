import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { newFile, standardOutput } from '../../src/adapters/state/output.ts'

const well = Promise.resolve()
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safe-compose-output-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

function refusal(what: string): object {
  return { failure: { reason: 'not-possible', what: expect.stringContaining(what) as string } }
}

describe('a new file', () => {
  test('is only for its owner, and there when it is whole', async () => {
    const path = join(folder, 'shop.sql')
    const output = await newFile(path)
    const stream = new PassThrough()
    const writing = output.write(stream, well)
    stream.write('half')
    expect(existsSync(path)).toBe(false)
    stream.end(' and half')
    await writing
    expect(readFileSync(path, 'utf8')).toBe('half and half')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['shop.sql'])
  })

  test('takes the place of none, also of one that came meanwhile', async () => {
    const path = join(folder, 'shop.sql')
    const output = await newFile(path)
    writeFileSync(path, 'mine')
    await expect(newFile(path)).rejects.toMatchObject(refusal('it is there already'))
    await expect(output.write(Readable.from(['theirs']), well)).rejects.toMatchObject(
      refusal('it is there already'),
    )
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect(readdirSync(folder)).toEqual(['shop.sql'])
  })

  test('of which only half comes is none', async () => {
    const output = await newFile(join(folder, 'shop.sql'))
    const broken = Readable.from(
      (function* () {
        yield 'half'
        throw new Error('the archive is damaged')
      })(),
    )
    await expect(output.write(broken, well)).rejects.toThrow('the archive is damaged')
    expect(readdirSync(folder)).toEqual([])
  })

  test('that turns out not to be what it should be is none', async () => {
    const output = await newFile(join(folder, 'shop.sql'))
    const whole = Promise.reject(new Error('it is not what was written'))
    await expect(output.write(Readable.from(['all']), whole)).rejects.toThrow('not what was written')
    expect(readdirSync(folder)).toEqual([])
  })

  test('where there is no folder, or no room', async () => {
    const nowhere = await newFile(join(folder, 'none', 'shop.sql'))
      .then(output => output.write(Readable.from(['x']), well))
      .catch((error: unknown) => error)
    expect(nowhere).toMatchObject(refusal('its folder is not there'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder])
    onTestFinished(() => void execFileSync('umount', [folder]))
    const output = await newFile(join(folder, 'shop.sql'))
    await expect(output.write(Readable.from([Buffer.alloc(200_000)]), well)).rejects.toMatchObject(
      refusal('no space left'),
    )
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('standard output', () => {
  test('stays open, and a reader that has seen enough ends it', async () => {
    const seen: string[] = []
    const stdout = new Writable({
      write: (chunk: Buffer, _, done) => {
        seen.push(String(chunk))
        const error: NodeJS.ErrnoException = new Error('broken pipe')
        error.code = 'EPIPE'
        done(seen.length > 2 ? error : null)
      },
    })
    await standardOutput(stdout, false).write(Readable.from(['a', 'b']), well)
    expect(stdout.writable).toBe(true)
    await standardOutput(stdout, false).write(Readable.from(['c', 'd']), well)
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('what breaks off is told', async () => {
    const stdout = new PassThrough()
    stdout.resume()
    const broken = new Readable({ read: () => {} })
    const writing = standardOutput(stdout, false).write(broken, well)
    broken.destroy(new Error('the archive is damaged'))
    await expect(writing).rejects.toThrow('the archive is damaged')
  })
})
