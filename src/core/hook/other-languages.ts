/** What a program in another language than the shell's does, as far as its words tell. */

/** Whether it starts other programs. */
function startsPrograms(text: string): boolean {
  return /\b(system|exec\w*|spawn\w*|[pP]open|subprocess|run|call|check_\w+|child_process|Command|shell|sh|qx)\b\s*[.({]|`|%x/.test(
    text,
  )
}

/** Whether it has a library that speaks with an engine. */
function callsEngine(text: string): boolean {
  return /\b(import docker|from docker|from_env|DockerClient|APIClient|dockerode|python_on_whales)\b/.test(
    text,
  )
}

/** Whether more than its own files can come to harm by it. */
export function reachesOut(text: string): boolean {
  return startsPrograms(text) || callsEngine(text)
}

/** The paths that it names, where it removes files at all. */
export function pathsRemoved(text: string): readonly string[] {
  if (!/rmtree|remove|unlink|rm_r|rmdir|\brm(Sync)?\b|rimraf|truncate/i.test(text)) return []
  return [...text.matchAll(/["'`]([/~][^"'`\n]*)["'`]/g)].flatMap(([, path]) => path ?? [])
}
