import { openHost } from '../../src/adapters/host/host.ts'
import { openDirectoryStore } from '../../src/adapters/stores/directory.ts'

/** A program that holds a restore point until it is killed, and says so: ROOT ID */
const [root = '', id = ''] = process.argv.slice(2)
const host = openHost({ pid: process.pid, hostname: 'here', runs: () => true })
const store = openDirectoryStore({ root, zstd: null, owner: host.owner })

await store.hold(await store.find({ engine: null, project: null }, id))
process.stdout.write('reading\n')
setInterval(() => {}, 1000)
