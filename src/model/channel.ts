import type { Notice } from './notice.ts'

/** Somewhere that notices are sent to. */
export type Channel = Audible & (HttpChannel | EmailChannel | CommandChannel)

/** Which notices a channel is told of. */
interface Audible {
  readonly on: readonly Notice['kind'][]
  /** Of these jobs only; empty: of every one. */
  readonly jobs: readonly Notice['job'][]
  /** Of these projects only, and of what concerns the whole host; empty: of every one. */
  readonly projects: readonly string[]
}

/**
 * - `webhook`: the notice as JSON
 * - `slack`, `discord`, `teams`, `ntfy`: in the form that these take
 * - `ping`: an address that is called after a success, and with `/fail` behind it after a failure, as Healthchecks has it
 */
export interface HttpChannel {
  readonly kind: 'webhook' | 'slack' | 'discord' | 'teams' | 'ntfy' | 'ping'
  /** The address may hold a token, so all of it is secret but the host. */
  readonly url: Secret
  /** Sent as a bearer token; null for none. */
  readonly token: Secret | null
}

export interface EmailChannel {
  readonly kind: 'email'
  readonly host: string
  readonly port: number
  /** `starttls`: begins in the open, and goes on only when it could be encrypted. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly login: { readonly user: string; readonly password: Secret } | null
  readonly from: string
  readonly to: readonly string[]
}

export interface CommandChannel {
  readonly kind: 'command'
  /** The program and its arguments; no shell is involved. */
  readonly command: readonly [string, ...string[]]
}

/** What must not be printed, and where it is found when it is needed. */
export type Secret =
  | { readonly from: 'value'; readonly value: string }
  /** Absolute, or beginning with `~/`. */
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'variable'; readonly name: string }
