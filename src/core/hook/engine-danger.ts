import type { LineDanger } from './compose-danger.ts'
import { programOf } from './words.ts'

/** What programs other than docker's do to a whole engine, or through its socket; null for what leaves it alone. */
export function engineDanger(words: readonly string[]): LineDanger | null {
  const [first = '', ...rest] = words
  const program = programOf(first)
  if (['curl', 'http', 'https', 'wget', 'xh'].includes(program)) return throughSocket(rest)
  const text = rest.filter(word => !word.startsWith('-') || word === '--unregister').join(' ')
  const found = engines.find(each => each.programs.includes(program) && each.does.test(text))
  if (found === undefined || rest.includes('--help')) return null
  return { kind: 'volumes', what: 'a whole engine, with every volume in it', isCertain: true }
}

const engines: readonly { readonly programs: readonly string[]; readonly does: RegExp }[] = [
  { programs: ['colima', 'limactl', 'minikube', 'orb', 'orbctl'], does: /^(delete|reset)\b/ },
  { programs: ['docker-machine'], does: /^rm\b/ },
  { programs: ['rdctl'], does: /^factory-reset\b/ },
  { programs: ['wsl'], does: /^--unregister (docker|rancher|podman)/ },
  { programs: ['dockerd-rootless-setuptool.sh'], does: /^uninstall\b/ },
]

/** `curl -X DELETE --unix-socket /var/run/docker.sock http://localhost/volumes/x` */
function throughSocket(words: readonly string[]): LineDanger | null {
  const text = words.join(' ')
  if (!/(docker|podman)\.sock|:237[56]\b/.test(text)) return null
  const asksToDelete = words.some(word => /^(-\w*X|--request=|--method=)?DELETE$/.test(word))
  const deletes = asksToDelete && /\/volumes\//.test(text)
  const prunes = /\/volumes\/prune\b/.test(text)
  const removes = /\/containers\/[^ ]*\?[^ ]*\bv=(1|true)\b/i.test(text) && asksToDelete
  if (!deletes && !prunes && !removes) return null
  return { kind: 'volumes', what: 'volumes, asked for at the engine itself', isCertain: true }
}
