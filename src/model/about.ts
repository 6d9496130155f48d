import type { ComposeForm } from './invocation.ts'

/** A library that is part of this program. */
export interface BundledLibrary {
  readonly name: string
  readonly version: string
  /** SPDX ids or expressions. */
  readonly licenses: readonly string[]
}

/** What `about` tells. Where something cannot be had, `why` says why. */
export interface About {
  readonly name: 'safe-compose'
  readonly version: string
  readonly license: 'MIT'
  /** The folder of the package. */
  readonly installed: string
  readonly node: { readonly version: string; readonly path: string }
  readonly platform: string
  readonly compose: FoundProgram & { readonly form?: ComposeForm }
  readonly docker: FoundProgram
  /** Where restore points are kept. */
  readonly store: { readonly name: string | null; readonly why?: string }
  /** Null where it runs from its sources. */
  readonly libraries: readonly BundledLibrary[] | null
}

export interface FoundProgram {
  readonly path: string | null
  readonly version: string | null
  readonly why?: string
}
