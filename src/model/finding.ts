import type { Facts } from './facts.ts'
import type { Contents, Holding } from './holding.ts'
import type { Invocation } from './invocation.ts'

/** What would become of a holding. */
export type Outcome =
  /** Gone from the engine for good. */
  | 'destroyed'
  /** Still there, but nothing points to it any more. */
  | 'orphaned'
  /** Still there, but something else is mounted over or instead of it. */
  | 'hidden'
  /** Damaged by what would write to it. */
  | 'corrupted'
  /** Kept; the container that uses it is replaced. */
  | 'recreated'

/** What a rule says about the facts. Pure data; the words for people are made from it in `ui/messages.ts`. */
export interface Finding {
  /** The rule's id, which is its file's name. */
  readonly rule: string
  readonly outcome: Outcome
  readonly holding: Holding
  /** One sentence, with the user's own names: what would happen and why. */
  readonly because: string
  /** Facts that prove it, a line each. */
  readonly evidence: readonly string[]
  /** Who uses the holding: services of the project, or `container NAME` of others. */
  readonly usedBy: readonly string[]
  /** The safer command with the user's own names in it; null when there is none. */
  readonly instead: string | null
  /**
   * False where no backup can be made of it yet (a writable layer, a directory outside Docker): what would destroy
   * it is refused.
   */
  readonly canBackUp: boolean
  /** Worth a word at most: what it speaks of may not exist yet, so nothing is looked into, copied or asked. */
  readonly warning?: true
  /** Compose itself asks the person at the terminal before it does it. */
  readonly composeAsks?: true
}

/** A hazard: one file in `core/rules/`, pure. */
export interface Rule {
  /** Kebab-case, the file's name, what `--safe-allow` and the configuration call it. */
  readonly id: string
  /** One line for lists. */
  readonly title: string
  /** What it does, what is lost, what survives: for `explain` and the docs. */
  readonly about: string
  /** Threads and documents that tell of it. */
  readonly citations: readonly string[]
  readonly check: (facts: Facts, invocation: Invocation, circumstances: Circumstances) => readonly Finding[]
}

/** What the rules may know besides the facts. */
export interface Circumstances {
  /** Environment variables that change what Compose does (`COMPOSE_*`, `DOCKER_*`), OS environment and .env merged. */
  readonly variables: Readonly<Record<string, string>>
  /** Whether Compose's own prompts can be answered `yes` from what its standard input is. */
  readonly stdin: 'terminal' | 'empty' | 'data'
  /** The contents of directories of this machine that the command names, where it matters (`bridge convert -o`). */
  readonly directories: Readonly<Record<string, 'missing' | 'empty' | 'filled'>>
  /** Those of `variables` that only a `.env` file sets: Compose does not take every variable from there. */
  readonly envFileOnly?: readonly string[]
  /** SHA-256 of a text's UTF-8 bytes, in lower-case hex. */
  readonly sha256: (text: string) => string
}

/** A finding with what is known of the holding's contents. */
export interface Stake {
  readonly finding: Finding
  readonly contents: Contents | null
}
