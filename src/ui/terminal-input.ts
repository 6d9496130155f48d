import { closeSync, constants, openSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { ReadStream } from 'node:tty'

/** Keys from the terminal itself, whatever standard input is. */
export interface TerminalInput {
  /** What a prompt reads from. Ends when the terminal is gone. */
  readonly stream: NodeJS.ReadStream
  /** Gives the terminal back as it was. */
  readonly close: () => void
}

/** Milliseconds between two looks for a key. */
const lookEvery = 15

/** Milliseconds before the first look, while a prompt sets itself up and would lose what it is given. */
const lookFirst = 60

/** Milliseconds after Enter: by then the prompt has been answered and closed, or wants more. */
const lookAfterEnter = 150

/**
 * Opens the terminal for a question. Keys are taken one by one and none after the Enter that answers: what was typed
 * ahead for Compose stays where Compose finds it, and standard input is not touched. Null where there is no terminal.
 */
export function openTerminalInput(path = '/dev/tty'): TerminalInput | null {
  const opened = openBoth(path)
  if (opened === null) return null
  const { keys, modes } = opened
  // A terminal that was closed has no modes to give back.
  modes.on('error', () => {})
  let timer: NodeJS.Timeout | null = null
  let wait = lookFirst
  let isRaw = false
  let isClosed = false

  const look = (): void => {
    timer = null
    const key = readKey(keys)
    if (key === 'gone') {
      stream.push(null)
      return
    }
    const isEnter = key !== 'none' && (key[0] === 0x0d || key[0] === 0x0a)
    wait = key === 'none' ? lookEvery : isEnter ? lookAfterEnter : 0
    if (key !== 'none') stream.push(key)
    lookAgain()
  }
  const lookAgain = (): void => {
    if (!isClosed) timer ??= setTimeout(look, wait)
  }
  const stream = new Readable({ read: lookAgain })
  const setRawMode = (raw: boolean): void => {
    if (raw !== isRaw) modes.setRawMode(raw)
    isRaw = raw
  }
  return {
    stream: Object.assign(stream, { isTTY: true, setRawMode }) as unknown as NodeJS.ReadStream,
    close: () => {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      setRawMode(false)
      stream.destroy()
      modes.destroy()
      closeSync(keys)
    },
  }
}

/** Twice, since the one that sets modes is made to block by the library below, and keys are read without waiting. */
function openBoth(path: string): { readonly keys: number; readonly modes: ReadStream } | null {
  let keys: number | null = null
  try {
    keys = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY)
    return { keys, modes: new ReadStream(openSync(path, constants.O_RDWR | constants.O_NOCTTY)) }
  } catch {
    if (keys !== null) closeSync(keys)
    return null
  }
}

/** One byte; `none` when no key was pressed yet, `gone` when the terminal was closed. */
function readKey(keys: number): Buffer | 'none' | 'gone' {
  const key = Buffer.alloc(1)
  try {
    return readSync(keys, key, 0, 1, null) === 1 ? key : 'gone'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'none' : 'gone'
  }
}
