/**
 * Encrypts a stream in the age format. What comes out follows what goes in, a chunk of 64 KiB at a time: memory does not
 * grow with the stream.
 *
 * @param recipients `age1…`; throws `Error` for one that is none
 */
export async function encryptStream(
  recipients: readonly string[],
  input: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return chunksOf(await encrypter.encrypt(pulledFrom(input)))
}

/**
 * The reverse. It throws `Error` at the end of a stream that was cut off or altered, when what came before is out
 * already, and before the first byte when no identity fits.
 *
 * @param identities `AGE-SECRET-KEY-1…`
 */
export async function decryptStream(
  identities: readonly string[],
  input: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  return chunksOf(await decrypter.decrypt(pulledFrom(input)))
}

/** A new key: the identity is the secret half, the recipient the public one. */
export async function makeKey(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** The recipient of an identity. Throws `Error` for what is none. */
export async function recipientOf(identity: string): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  return identityToRecipient(identity)
}

/** Nothing is read ahead: a queue between two streams would hold what nobody takes yet. */
function pulledFrom(input: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        const next = await iterator.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: async () => void (await iterator.return?.()),
    },
    { highWaterMark: 0 },
  )
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
