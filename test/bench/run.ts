import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { startEngine, type TestEngine } from '../engine/index.ts'
import { measureBackup } from './backup.ts'
import { measureLook } from './look.ts'
import { measureMany } from './many.ts'
import { measureMemory } from './memory.ts'
import { measureOnline } from './online.ts'
import { measureStartUp } from './start-up.ts'
import { measureStores } from './stores.ts'
import { isWithin, renderTable, type Row } from './table.ts'

const usage = `Usage: npm run bench -- [PART…] [--rounds N] [--copies N] [--scale N]

Parts: start-up, look, backup, stores, online, many, memory; all of them without one.
--rounds  how often short commands are measured (21)
--copies  how often backups and restores are measured (3)
--scale   of pgbench, for the volume that is backed up (60: 1.7 GB)
`

/** Measures on the private engine and prints one table; 1 when a ratio is outside of its bound. */
async function main(words: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '21' },
      copies: { type: 'string', default: '3' },
      scale: { type: 'string', default: '60' },
    },
  })
  const [rounds, copies, scale] = [values.rounds, values.copies, values.scale].map(Number)
  const parts: Readonly<Record<string, (engine: TestEngine) => Promise<readonly Row[]>>> = {
    'start-up': engine => measureStartUp(engine, rounds ?? 0),
    look: engine => measureLook(engine, Math.ceil((rounds ?? 0) / 2)),
    backup: engine => measureBackup(engine, scale ?? 0, copies ?? 0),
    stores: engine => measureStores(engine, scale ?? 0, copies ?? 0),
    online: engine => measureOnline(engine, scale ?? 0, copies ?? 0),
    many: engine => measureMany(engine, Math.ceil((rounds ?? 0) / 4)),
    memory: measureMemory,
  }
  const unknown = positionals.filter(part => !Object.hasOwn(parts, part))
  if (unknown.length > 0 || [rounds, copies, scale].some(number => !(Number(number) >= 1))) {
    console.error(usage)
    return 2
  }
  const engine = await startEngine({ images: ['busybox'] })
  try {
    const { version, compose } = engine
    console.log(
      `Node ${process.version}, Docker Engine ${version}, Compose ${compose.version}, ` +
        `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB of memory\n`,
    )
    const rows: Row[] = []
    for (const [name, measure] of Object.entries(parts)) {
      if (positionals.length > 0 && !positionals.includes(name)) continue
      console.error(`measuring: ${name}`)
      rows.push(...(await measure(engine)))
    }
    console.log(renderTable(rows))
    return rows.every(isWithin) ? 0 : 1
  } finally {
    await engine.stop()
  }
}

process.exitCode = await main(process.argv.slice(2))
