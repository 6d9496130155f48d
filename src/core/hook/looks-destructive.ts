/** Whether a text that cannot be read as a command line speaks of docker and of destroying. */
export function looksDestructive(text: string): boolean {
  // Lists of words in other languages: ["docker", "compose", "down", "-v"].
  const plain = text.replaceAll(/["'`,[\]()\\{}]+/g, ' ').replaceAll(/\s+/g, ' ')
  return speaksOfDocker(plain) && destructive.some(pattern => pattern.test(plain))
}

/** Whether it names an engine's program at all. */
export function speaksOfDocker(text: string): boolean {
  return /\b(docker|dockerode|podman|nerdctl|compose)\b/i.test(text)
}

/** Words that are far apart do not belong together. */
const destructive: readonly RegExp[] = [
  /\bdown\b[^;|&]{0,300}\s(-\w*v|--volumes?\b)/,
  /\bvolumes? (rm|remove|prune)\b/,
  /\bsystem prune\b/,
  /\b(docker|compose|podman|container) (-\S+ )*(rm|remove) [^;|&]{0,300}-\w*v/,
  // The engine's libraries: docker.from_env().volumes.prune(), docker.getVolume('x').remove()
  /volumes?\b.{0,300}\.(remove|prune)\b|\b(prune|remove)_?volumes?\b/i,
  /\b(rm|rmtree|rmSync|unlink|remove|delete)\b.{0,300}\/docker\/volumes/i,
]
