/** Programs that take docker's command line. */
const dockers: readonly string[] = ['docker', 'podman', 'nerdctl', 'finch', 'safe-docker']

/** Programs that take Compose's. */
const composes: readonly string[] = ['docker-compose', 'docker-compose-v1', 'podman-compose', 'safe-compose']

function isDocker(program: string): boolean {
  return dockers.includes(program)
}

export function isCompose(program: string): boolean {
  return composes.includes(program)
}

export function isDockerProgram(program: string): boolean {
  return isDocker(program) || isCompose(program)
}

/** Ours: it looks at what is there, and refuses better than a line of text can be judged. */
export function isGuarded(program: string): boolean {
  return program === 'safe-compose' || program === 'safe-docker'
}
