import { Readable } from 'node:stream'
import { Stop } from '../../model/failure.ts'
import type { RestorePoint } from '../../model/restore-point.ts'
import { allWell, feed, outputOf, startChild } from './child.ts'
import type { Child } from './child.ts'
import { readIdentityFile } from './identity-file.ts'

/** The program that encrypts and decrypts: `age`, or one that takes the same words. */
export interface AgeProgram {
  readonly program: string
  readonly args: readonly string[]
}

export interface EncryptionOptions {
  readonly age: AgeProgram
  /** `age1…`; empty where nothing new is encrypted. */
  readonly recipients: readonly string[]
  /** The file with the identity; null where there is none on this machine. */
  readonly identityFile: string | null
}

/** Starts a program that reads its input and writes the other form of it. */
export type Cipher = () => Child

export interface Encryption {
  /** To whom what is written is encrypted; null where it stays in the clear. */
  readonly sealing: { readonly recipients: readonly string[]; readonly encrypt: Cipher } | null
  /** How the files of a restore point are opened; null where they are in the clear. Throws `no-identity`. */
  readonly openerOf: (point: RestorePoint) => Promise<Cipher | null>
}

/** Behind the name of a file that is encrypted. */
export const sealedEnding = '.age'

/** Where nobody asked for encryption. */
export const inTheClear: Encryption = openEncryption({
  age: { program: 'age', args: [] },
  recipients: [],
  identityFile: null,
})

export function openEncryption({ age, recipients, identityFile }: EncryptionOptions): Encryption {
  const run = (args: readonly string[]): Child =>
    startChild(age.program, [...age.args, ...args], 'pipe', 'pipe', { takesLine: isAboutItself })
  let reading: ReturnType<typeof readIdentityFile> | null = null
  return {
    sealing:
      recipients.length === 0
        ? null
        : { recipients, encrypt: () => run(recipients.flatMap(each => ['-r', each])) },
    openerOf: async ({ id, manifest }) => {
      const { encryption } = manifest
      if (encryption === undefined) return null
      const refused = (why: string): Stop =>
        new Stop({ reason: 'no-identity', id, recipients: encryption.recipients, why })
      if (identityFile === null) throw refused('no identity is named on this machine')
      const own = await (reading ??= readIdentityFile(identityFile))
      if (typeof own === 'string') throw refused(own)
      if (!own.recipients.some(each => encryption.recipients.includes(each)))
        throw refused(`${identityFile} is the identity of ${own.recipients.join(', ')}`)
      return () => run(['-d', '-i', identityFile])
    },
  }
}

/** Where to complain about `age` is nothing that its failure has to do with. */
function isAboutItself(line: string): boolean {
  return line.startsWith('age: report unexpected')
}

/** A small file, encrypted or opened in memory. Throws `Error` with the program's words. */
export async function passWhole(content: string | Uint8Array, cipher: Cipher): Promise<Buffer> {
  const child = cipher()
  const chunks: Buffer[] = []
  const collect = async (): Promise<void> => {
    for await (const chunk of outputOf(child)) chunks.push(chunk as Buffer)
  }
  await allWell([child.done, feed(Readable.from([Buffer.from(content)]), child), collect()])
  return Buffer.concat(chunks)
}
