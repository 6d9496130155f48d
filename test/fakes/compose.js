#!/bin/sh
':' //; exec node -- "$0" "$@"
// A Compose that tells how it was started, and behaves as the variable FAKE_COMPOSE (JSON) says.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, readlinkSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

const words = process.argv.slice(2)
const told = JSON.parse(process.env.FAKE_COMPOSE ?? '{}')

if (words.includes('version') && words.includes('--short')) say(told.version ?? '2.40.3')
else if (words.includes('config')) config()
else if (told.signal !== undefined) process.kill(process.pid, told.signal)
else if (told.listen !== undefined) listen(told.listen)
else if (told.stdin === true) await swallow()
else report()

/** Whole, whatever the reader is slow with. */
function say(line) {
  let bytes = Buffer.from(`${line}\n`)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes))
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

/** Who it is, in JSON, and the code that was asked for. */
function report() {
  const raw = readFileSync('/proc/self/cmdline').subarray(0, -1).toString('latin1').split('\0')
  const script = raw.findIndex(word => word === process.argv[1])
  say(
    JSON.stringify({
      argv: raw.slice(script + 1).map(word => Buffer.from(word, 'latin1').toString('hex')),
      variables: Object.fromEntries(
        readFileSync('/proc/self/environ', 'latin1')
          .split('\0')
          .filter(entry => entry.includes('='))
          .map(entry => [entry.slice(0, entry.indexOf('=')), hex(entry.slice(entry.indexOf('=') + 1))]),
      ),
      directory: process.cwd(),
      descriptors: openDescriptors(),
      files: filesIn(words),
      // Elsewhere asking would make standard output non-blocking.
      columns: isatty(1) ? process.stdout.columns : null,
      script: process.argv[1],
    }),
  )
  process.exitCode = told.code ?? 0
}

function hex(text) {
  return Buffer.from(text, 'latin1').toString('hex')
}

function openDescriptors() {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [[Number(fd), readlinkSync(`/proc/self/fd/${fd}`)]]
    } catch {
      return []
    }
  })
}

/** What the files of `-f` and `--env-file` hold. */
function filesIn(line) {
  return line.flatMap((word, index) => {
    if (word !== '-f' && word !== '--env-file') return []
    const path = line[index + 1]
    return [readFileSync(path === '-' ? 0 : path, 'utf8')]
  })
}

function config() {
  if (told.config === undefined) {
    return say(JSON.stringify({ name: 'fake', services: {}, volumes: {}, 'x-files': filesIn(words) }))
  }
  const {
    code = 0,
    stdout = '',
    stderr = '',
  } = told.config[words.slice(words.indexOf('config') + 1).join(' ')] ?? { code: 1 }
  writeSync(1, stdout)
  writeSync(2, stderr)
  process.exitCode = code
}

/** Says every signal; ends with 128 and its number after the last of them that it waits for. */
function listen({ until, code }) {
  let left = until
  const beat = setInterval(() => say('beat'), 100)
  for (const signal of [
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
    'SIGQUIT',
    'SIGUSR1',
    'SIGUSR2',
    'SIGWINCH',
    'SIGCONT',
  ]) {
    process.on(signal, () => {
      say(`got ${signal}${signal === 'SIGWINCH' ? ` ${process.stdout.columns}` : ''}`)
      if (['SIGWINCH', 'SIGCONT'].includes(signal)) return
      left -= 1
      if (left > 0) return
      // A signal that came twice would be seen by now.
      setTimeout(() => {
        clearInterval(beat)
        process.exit(code)
      }, 400)
    })
  }
  say(`ready ${process.pid}`)
}

async function swallow() {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of process.stdin) {
    hash.update(chunk)
    bytes += chunk.length
  }
  say(JSON.stringify({ bytes, sha256: hash.digest('hex') }))
}
