/**
 * Compose's commands, v2 to v5, below the root level: root.ts has their names and what they can do to data.
 *
 * Taken from the reference pages of every release, the source of 2.26.1, 2.40.3 and 5.5.0, and probes of the first
 * two. `flags` is read by flagSet (flags.ts). The pages of releases before 2.3.3 list no hidden flags, so a hidden
 * one that first appears there counts as always there.
 */
export interface CommandGrammar {
  readonly since?: string
  readonly until?: string
  /**
   * How the command finds its project:
   * - `model`: loads the Compose files
   * - `model-or-name`: the files, or only the name where `-p` is given without `-f`, or the files cannot be loaded
   * - `name`: `-p`, then COMPOSE_PROJECT_NAME, and the files only if neither is there
   * - `none`: needs no project
   */
  readonly project: ProjectLookup
  /** The least and the largest number of positional words; null is no limit. Left out: no limit. */
  readonly args?: readonly [number, number | null]
  /** False where everything from the first positional word on is positional. */
  readonly interspersed?: boolean
  readonly flags?: string
}

export type ProjectLookup = 'model' | 'model-or-name' | 'name' | 'none'

/** Switches that make a command do less: believed only where every reading of a line has them. */
export const restraints: readonly string[] = [
  'dry-run',
  'help',
  'no-deps',
  'no-recreate',
  'no-start',
  'no-up',
]

export const commands: Readonly<Record<string, CommandGrammar>> = {
  alpha: { since: '2.16.0', project: 'none' },
  'alpha dry-run': { since: '2.16.0', until: '2.17.3', project: 'none' },
  'alpha generate': {
    since: '2.30.0',
    project: 'none',
    flags: `
      format=text name=text project-dir=text`,
  },
  'alpha publish': {
    since: '2.22.0',
    project: 'model',
    args: [1, 1],
    flags: `
      app@2.40.0 insecure-registry@5.0.0 oci-version=text@2.24.0 resolve-image-digests@2.23.1
      with-env@2.33.0 y>yes,y@2.33.0..2.33.1 yes,y@2.34.0 y~yes@2.34.0`,
  },
  // Only ever seen in reference pages, from 2.22.0 on; no code of any release has it.
  'alpha scale': {
    since: '2.22.0',
    until: '2.22.0',
    project: 'model',
    args: [1, null],
    flags: `
      no-deps`,
  },
  'alpha viz': {
    since: '2.18.0',
    project: 'model',
    flags: `
      image indentation-size=int networks ports spaces`,
  },
  'alpha watch': {
    since: '2.16.0',
    until: '2.24.0',
    project: 'model',
    flags: `
      no-up@2.22.0 quiet`,
  },
  attach: {
    since: '2.24.0',
    project: 'name',
    args: [1, null],
    flags: `
      detach-keys=text index=int no-stdin sig-proxy`,
  },
  bridge: { since: '2.37.0', project: 'none' },
  'bridge convert': {
    since: '2.37.0',
    project: 'model',
    flags: `
      output,o=text templates=text transformation,t=list`,
  },
  'bridge transformations': { since: '2.37.0', project: 'none' },
  'bridge transformations create': {
    since: '2.37.0',
    project: 'none',
    args: [1, 1],
    flags: `
      from,f=text`,
  },
  'bridge transformations list': {
    since: '2.37.0',
    project: 'none',
    flags: `
      format=text quiet,q`,
  },
  build: {
    project: 'model',
    flags: `
      build-arg=list builder=text@2.20.0 check@2.36.0 compress force-rm memory,m=text no-cache no-rm
      parallel print@2.35.0 progress=text provenance=text@2.39.0 pull push@2.16.0 quiet,q
      sbom=text@2.39.0 ssh=text@2.4.0 with-dependencies@2.24.0`,
  },
  commit: {
    since: '2.31.0',
    project: 'name',
    args: [1, 2],
    flags: `
      author,a=text change,c=list index=int message,m=text pause,p`,
  },
  config: {
    project: 'model',
    flags: `
      environment@2.27.2 format=text hash=text images@2.3.3 lock-image-digests@2.36.1 models@2.39.0
      networks@2.38.2 no-consistency@2.13.0 no-env-resolution@2.35.0 no-interpolate no-normalize@2.3.3
      no-path-resolution@2.18.0 output,o=text@2.3.3 profiles quiet,q resolve-image-digests services
      variables@2.26.0 volumes`,
  },
  cp: {
    project: 'name',
    args: [2, 2],
    flags: `
      all archive,a follow-link,L index=int`,
  },
  create: {
    project: 'model',
    flags: `
      build force-recreate no-build no-recreate pull=text@2.8.0 quiet-pull@2.24.7
      remove-orphans@2.16.0 scale=list@2.16.0 y>yes,y@2.32.0..2.33.1 yes,y@2.34.0 y~yes@2.34.0`,
  },
  'docker-cli-plugin-hooks': { since: '5.1.3', project: 'none' },
  down: {
    project: 'model-or-name',
    flags: `
      remove-orphans rmi=text timeout,t=int volumes,v volume~volumes`,
  },
  events: {
    project: 'name',
    flags: `
      json since=text@2.39.0 until=text@2.39.0`,
  },
  exec: {
    project: 'name',
    args: [2, null],
    interspersed: false,
    flags: `
      detach,d env,e=list index=int interactive,i no-TTY,T@2.0.0..2.39.2 no-tty,T@2.39.3 privileged
      tty,t user,u=text workdir,w=text no-TTY~no-tty@2.39.3`,
  },
  export: {
    since: '2.30.0',
    project: 'name',
    args: [1, null],
    flags: `
      index=int output,o=text`,
  },
  images: {
    project: 'name',
    flags: `
      format=text@2.14.1 quiet,q`,
  },
  kill: {
    project: 'model-or-name',
    flags: `
      remove-orphans@2.10.0 signal,s=text`,
  },
  logs: {
    project: 'model-or-name',
    flags: `
      follow,f index=int@2.24.0 no-color no-log-prefix since=text tail,n=text timestamps,t until=text`,
  },
  ls: {
    project: 'none',
    args: [0, 0],
    flags: `
      all,a filter=list format=text quiet,q`,
  },
  pause: { project: 'model-or-name' },
  port: {
    project: 'name',
    args: [2, null],
    flags: `
      index=int protocol=text`,
  },
  ps: {
    project: 'model-or-name',
    flags: `
      all,a filter=text format=text no-trunc@2.23.0 orphans@2.24.0 quiet,q services status=list`,
  },
  publish: {
    since: '2.34.0',
    project: 'model',
    args: [1, 1],
    flags: `
      app@2.40.0 insecure-registry@5.0.0 oci-version=text resolve-image-digests
      with-env yes,y y~yes`,
  },
  pull: {
    project: 'model',
    flags: `
      ignore-buildable@2.15.0 ignore-pull-failures include-deps no-parallel parallel
      policy=text@2.22.0 quiet,q`,
  },
  push: {
    project: 'model',
    flags: `
      ignore-push-failures include-deps@2.14.1 quiet,q@2.12.0`,
  },
  restart: {
    project: 'model-or-name',
    flags: `
      no-deps@2.17.0 timeout,t=int`,
  },
  rm: {
    project: 'model-or-name',
    flags: `
      all,a force,f stop,s volumes,v`,
  },
  run: {
    project: 'model',
    args: [1, null],
    interspersed: false,
    flags: `
      build@2.13.0 cap-add=list@2.19.0 cap-drop=list@2.19.0 detach,d entrypoint=text env,e=list
      env-from-file=list@2.34.0 interactive,i label,l=list@2.3.3 labels>label,l=list@2.0.0..2.3.2
      name=text no-TTY,T@2.0.0..5.2.0 no-deps no-tty,T@5.3.0 publish,p=list pull=text@2.32.2
      quiet,q@2.35.0 quiet-build@2.35.0 quiet-pull@2.3.3 remove-orphans@2.16.0 rm service-ports,P
      tty,t use-aliases user,u=text volume,v=list workdir,w=text volumes~volume labels~label@2.3.3
      no-TTY~no-tty@5.3.0`,
  },
  scale: {
    since: '2.22.0',
    project: 'model',
    args: [1, null],
    flags: `
      no-deps`,
  },
  start: {
    project: 'model-or-name',
    flags: `
      wait@5.0.0 wait-timeout=int@5.0.0`,
  },
  stats: {
    since: '2.24.0',
    project: 'name',
    args: [0, 1],
    flags: `
      all,a format=text no-stream no-trunc`,
  },
  stop: {
    project: 'model-or-name',
    flags: `
      timeout,t=int`,
  },
  top: { project: 'name' },
  unpause: { project: 'model-or-name' },
  up: {
    project: 'model',
    flags: `
      abort-on-container-exit abort-on-container-failure@2.27.0 always-recreate-deps attach=list
      attach-dependencies build detach,d environment,e=list@2.0.0..2.3.2 exit-code-from=text
      force-recreate menu@2.26.0 no-attach=list@2.15.0 no-build no-color no-deps no-log-prefix
      no-recreate no-start pull=text@2.8.0 quiet-build@2.39.0 quiet-pull remove-orphans
      renew-anon-volumes,V scale=list timeout,t=int timestamps@2.14.1 wait@2.3.3
      wait-timeout=int@2.17.0 waitTimeout>timeout,t=int@2.17.0..2.17.2 watch,w@2.24.7
      y>yes,y@2.32.0..2.33.1 yes,y@2.34.0 y~yes@2.34.0`,
  },
  version: {
    project: 'none',
    args: [0, 0],
    flags: `
      format,f=text short`,
  },
  volumes: {
    since: '2.38.0',
    project: 'model-or-name',
    flags: `
      format=text quiet,q`,
  },
  wait: {
    since: '2.20.0',
    project: 'model-or-name',
    args: [1, null],
    flags: `
      down-project`,
  },
  watch: {
    since: '2.22.0',
    project: 'model',
    flags: `
      no-up prune@2.29.0 quiet`,
  },
}
