import { writeFileSync } from 'node:fs'
import { openPrompt } from '../../src/ui/prompt.ts'
import { openTerminalInput } from '../../src/ui/terminal-input.ts'
import { Stop } from '../../src/model/failure.ts'
import { aQuestion, theIncident } from './question.ts'

// Asks on the terminal it runs on, prints the answer on standard output, then hands on standard input as it finds it.
const report = process.argv.find(word => word.startsWith('report='))?.slice('report='.length)
if (report !== undefined) {
  process.on('SIGHUP', () => {})
  process.stderr.on('error', () => {})
}

const prompt = openPrompt({
  stderr: process.stderr,
  color: process.argv.includes('--color'),
  openInput: () => openTerminalInput(),
})

try {
  const answer = process.argv.includes('confirm')
    ? await prompt.confirm(
        'Let `safe-compose down -v` run once in /srv/shop?\n  shop_pgdata\u001B[2J is deleted',
      )
    : await prompt.ask(
        process.argv.includes('elsewhere')
          ? theIncident()
          : aQuestion({ backsUp: !process.argv.includes('no-backup') }),
      )
  process.stdout.write(`answer: ${typeof answer === 'object' ? JSON.stringify(answer) : String(answer)}\n`)
  if (process.argv.includes('then-read')) {
    process.stdin.once('data', bytes => {
      process.stdout.write(`stdin: ${JSON.stringify(String(bytes))}\n`)
      process.stdin.destroy()
    })
  }
} catch (error) {
  const told = `stopped: ${error instanceof Stop ? JSON.stringify(error.failure) : String(error)}\n`
  if (report === undefined) process.stdout.write(told)
  else writeFileSync(report, told)
}
