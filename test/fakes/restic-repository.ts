import { execFileSync } from 'node:child_process'
import { createCipheriv, createDecipheriv, createHash, scryptSync } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { prepareRestic } from '../engine/restic.ts'
import { cacheFolder, once } from '../engine/cache.ts'

const password = 'correct horse'

/** Variables for a restic of ours: its folder first in PATH, a cache of its own, the password. */
export async function resticVariables(): Promise<Readonly<Record<string, string>>> {
  const { restic } = await prepareRestic()
  return {
    PATH: `${dirname(restic)}:${process.env['PATH'] ?? ''}`,
    HOME: process.env['HOME'] ?? '/',
    RESTIC_CACHE_DIR: join(cacheFolder, 'restic-cache'),
    RESTIC_PASSWORD: password,
  }
}

/** An empty repository in a folder that is not there yet; made once and copied, for its key takes time. */
export async function emptyRepository(): Promise<(folder: string) => void> {
  const variables = await resticVariables()
  const template = await once(join(cacheFolder, 'packages', 'restic-repository-1'), async unfinished => {
    execFileSync('restic', ['init', '--repo', unfinished], { env: { ...variables }, stdio: 'ignore' })
    makeKeyCheap(unfinished)
  })
  return folder => {
    if (existsSync(folder)) return
    mkdirSync(dirname(folder), { recursive: true })
    cpSync(template, folder, { recursive: true })
  }
}

interface KeyFile {
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: string
  readonly data: string
}

/**
 * Seals the repository's key anew under one that is derived from the same password at no cost. A real one takes a
 * quarter of a second of a processor at every start of restic, by design. How it is sealed: restic's `doc/design.rst`.
 */
function makeKeyCheap(repository: string): void {
  const [name = ''] = readdirSync(join(repository, 'keys'))
  const file = join(repository, 'keys', name)
  const key = JSON.parse(readFileSync(file, 'utf8')) as KeyFile
  const derive = ({ N, r, p }: Pick<KeyFile, 'N' | 'r' | 'p'>): Buffer =>
    scryptSync(password, Buffer.from(key.salt, 'base64'), 64, { N, r, p, maxmem: 1 << 30 })
  const sealed = Buffer.from(key.data, 'base64')
  const nonce = sealed.subarray(0, 16)
  const plain = createDecipheriv('aes-256-ctr', derive(key).subarray(0, 32), nonce).update(
    sealed.subarray(16, -16),
  )
  const cost = { N: 2, r: 1, p: 1 }
  const cheap = derive(cost)
  const body = createCipheriv('aes-256-ctr', cheap.subarray(0, 32), nonce).update(plain)
  const data = Buffer.concat([nonce, body, poly1305(body, nonce, cheap.subarray(32))]).toString('base64')
  const text = JSON.stringify({ ...key, ...cost, data })
  writeFileSync(join(repository, 'keys', createHash('sha256').update(text).digest('hex')), text)
  rmSync(file)
}

/** Poly1305-AES, as restic signs with it. `key`: 16 bytes for AES, and 16 for the polynomial. */
function poly1305(message: Buffer, nonce: Buffer, key: Buffer): Buffer {
  const number = (bytes: Iterable<number>): bigint =>
    [...bytes].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
  const r = number(key.subarray(16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  const s = number(createCipheriv('aes-128-ecb', key.subarray(0, 16), null).update(nonce))
  let sum = 0n
  for (let at = 0; at < message.length; at += 16)
    sum = ((sum + number([...message.subarray(at, at + 16), 1])) * r) % ((1n << 130n) - 5n)
  const tag = (sum + s) % (1n << 128n)
  return Buffer.from(Uint8Array.from(Buffer.from(tag.toString(16).padStart(32, '0'), 'hex')).toReversed())
}

/** Turns round a bit in the middle of the largest pack. */
export function harmLargestPack(repository: string): void {
  const data = join(repository, 'data')
  const packs = readdirSync(data, { recursive: true })
    .map(name => join(data, String(name)))
    .filter(path => statSync(path).isFile())
  const [largest = ''] = packs.toSorted((a, b) => statSync(b).size - statSync(a).size)
  const content = readFileSync(largest)
  const middle = Math.floor(content.length / 2)
  content.writeUInt8(content.readUInt8(middle) ^ 1, middle)
  execFileSync('chmod', ['u+w', largest])
  writeFileSync(largest, content)
}
