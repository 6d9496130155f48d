/**
 * Guards in the manner of those that people have, made for the comparison: a list of regular expressions, a list of
 * what an agent may not run, one line in a script. Each tells whether it would stop a line.
 */
export const otherGuards: readonly {
  readonly name: string
  readonly stops: (line: string) => boolean
}[] = [
  {
    name: 'a list of regular expressions, with exceptions for what is safe',
    stops: line => !safe.some(each => each.test(line)) && forbidden.some(each => each.test(line)),
  },
  {
    name: "a deny list in an agent's settings: `docker compose down -v*`, `docker volume rm*`, …",
    stops: line => simpleCommands(line).some(command => denied.some(each => command.startsWith(each))),
  },
  {
    name: 'one `grep` in a hook of one’s own: `docker.*(down.*-v|volume (rm|prune)|system prune)`',
    stops: line => /docker.*(down.*-v|down.*--volumes|volume (rm|prune)|system prune)/.test(line),
  },
]

/** One that matches switches the others off, wherever it stands in the line. */
const safe: readonly RegExp[] = [
  /\bdocker\s+(?:ps|images|logs|inspect|version|info|stats|top)\b/,
  /\bdocker(?:-|\s+)compose\s+(?:ps|logs|config|version|up|build|pull)\b/,
  /\bdocker\s+(?:volume|network|container|image)\s+(?:ls|inspect)\b/,
]

const forbidden: readonly RegExp[] = [
  /\bdocker(?:-|\s+)compose\s+down\s+.*(?:-v\b|--volumes\b)/,
  /\bdocker\s+volume\s+rm\b/,
  /\bdocker\s+volume\s+prune\b/,
  /\bdocker\s+system\s+prune\b/,
  /\bdocker\s+container\s+prune\b/,
  /\bdocker\s+rm\s+.*-[a-z]*f/,
]

const denied: readonly string[] = [
  'docker compose down -v',
  'docker compose down --volumes',
  'docker-compose down -v',
  'docker-compose down --volumes',
  'docker volume rm',
  'docker volume prune',
  'docker system prune',
]

/** An agent compares the beginning of each command between the operators of the line. */
function simpleCommands(line: string): readonly string[] {
  return line.split(/&&|\|\||[;|&\n]/).map(each => each.trim())
}
