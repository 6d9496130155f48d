/**
 * The commands of `docker-compose` 1.29.2, from its own usage texts. `flags` is read by flagSet (flags.ts); the
 * values are found under the names that v2 gives them.
 */
export interface CommandGrammarV1 {
  readonly flags: string
  /** The least and the largest number of positional words; null is any. */
  readonly args: readonly [number, number | null]
  /** Whether the usage has `[--]`; where it has not, `--` is a positional word like others. */
  readonly dashes: boolean
}

export const commandGrammarsV1: Readonly<Record<string, CommandGrammarV1>> = {
  build: {
    flags: `build-arg=list compress force-rm memory,m=text no-cache no-rm parallel progress=text pull quiet,q`,
    args: [0, null],
    dashes: true,
  },
  config: {
    flags: `hash=text no-interpolate profiles quiet,q resolve-image-digests services volumes`,
    args: [0, 0],
    dashes: false,
  },
  create: { flags: `build force-recreate no-build no-recreate`, args: [0, null], dashes: false },
  down: { flags: `remove-orphans rmi=text timeout,t=text volumes,v`, args: [0, 0], dashes: false },
  events: { flags: `json`, args: [0, null], dashes: true },
  exec: {
    flags: `-no-tty,T detach,d env,e=list index=text privileged user,u=text workdir,w=text`,
    args: [2, null],
    dashes: true,
  },
  help: { flags: ``, args: [0, 1], dashes: false },
  images: { flags: `quiet,q`, args: [0, null], dashes: true },
  kill: { flags: `-signal,s=text`, args: [0, null], dashes: true },
  logs: { flags: `follow,f no-color no-log-prefix tail=text timestamps,t`, args: [0, null], dashes: true },
  pause: { flags: ``, args: [0, null], dashes: false },
  port: { flags: `index=text protocol=text`, args: [2, 2], dashes: true },
  ps: { flags: `all,a filter=text quiet,q services`, args: [0, null], dashes: true },
  pull: {
    flags: `ignore-pull-failures include-deps no-parallel parallel quiet,q`,
    args: [0, null],
    dashes: true,
  },
  push: { flags: `ignore-push-failures`, args: [0, null], dashes: true },
  restart: { flags: `timeout,t=text`, args: [0, null], dashes: true },
  rm: { flags: `all,a force,f stop,s -volumes,v`, args: [0, null], dashes: true },
  run: {
    flags: `
      -no-tty,T detach,d -env,e=list entrypoint=text label,l=list name=text no-deps publish,p=list rm
      service-ports use-aliases user,u=text volume,v=list workdir,w=text`,
    args: [1, null],
    dashes: true,
  },
  scale: { flags: `timeout,t=text`, args: [0, null], dashes: false },
  start: { flags: ``, args: [0, null], dashes: false },
  stop: { flags: `timeout,t=text`, args: [0, null], dashes: true },
  top: { flags: ``, args: [0, null], dashes: false },
  unpause: { flags: ``, args: [0, null], dashes: false },
  up: {
    flags: `
      abort-on-container-exit always-recreate-deps attach-dependencies build detach,d exit-code-from=text
      force-recreate no-build no-color no-deps no-log-prefix no-recreate no-start quiet-pull
      remove-orphans renew-anon-volumes,V scale=list timeout,t=text`,
    args: [0, null],
    dashes: true,
  },
  version: { flags: `short`, args: [0, 0], dashes: false },
}
