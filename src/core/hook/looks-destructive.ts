/** Whether a text that cannot be read as a command line speaks of docker and of destroying. */
export function looksDestructive(text: string): boolean {
  // Lists of words in other languages: ["docker", "compose", "down", "-v"].
  const plain = text.replaceAll(/["'`,[\]()\\{}]+/g, ' ').replaceAll(/\s+/g, ' ')
  return (
    /\b(docker|podman|nerdctl|compose)\b/i.test(plain) && destructive.some(pattern => pattern.test(plain))
  )
}

const destructive: readonly RegExp[] = [
  /\bdown\b[^;|&]*\s(-\w*v|--volumes?\b)/,
  /\bvolumes? (rm|remove|prune)\b/,
  /\bsystem prune\b/,
  /\b(docker|compose|podman|container) (-\S+ )*(rm|remove) [^;|&]*-\w*v/,
  /\b(rm|rmtree|rmSync|unlink|remove|delete)\b.*\/docker\/volumes/i,
]
