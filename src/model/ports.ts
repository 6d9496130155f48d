import type { Readable, Writable } from 'node:stream'
import type { Channel } from './channel.ts'
import type { DumpForm, Figure, Repaired, ServerKind, ServerStatus } from './database.ts'
import type { Answer, Decision, Plan } from './decision.ts'
import type { DoorSurvey, Placed } from './doors.ts'
import type { ComposeFact, ContainerFact, EngineFact, Facts, ImageFact, Model, VolumeFact } from './facts.ts'
import type { Contents, DatabaseContents, Holding } from './holding.ts'
import type { Invocation } from './invocation.ts'
import type { JournalEntry, Ledger, RunState } from './journal.ts'
import type { Notice } from './notice.ts'
import type { JobRun, SchedulePlan, SchedulerKind } from './schedule.ts'
import type { SqliteSight } from './sqlite.ts'
import type {
  Consistency,
  DumpRecord,
  HoldingRecord,
  Manifest,
  RestorePoint,
  StoredFile,
  TarCounts,
  Verification,
  VerifiedPart,
} from './restore-point.ts'

// ---- Compose -----------------------------------------------------------------------------------------------------

/** The real Compose on this machine. */
export interface Compose {
  readonly fact: ComposeFact
  /**
   * The resolved model for exactly the globals of this invocation (files, profiles, project name, env files; one-shot
   * inputs replayed), from `config --format json`. `everything`: all profiles and unused resources too. Never throws
   * for a failing `config`: that is an answer.
   */
  readonly model: (invocation: Invocation, options: { everything: boolean }) => Promise<ModelAnswer>
  /** `config --hash`, for every service (`everything`: of all profiles); empty when Compose cannot say. */
  readonly hashes: (
    invocation: Invocation,
    options?: { everything: boolean },
  ) => Promise<Readonly<Record<string, string>>>
  /**
   * Runs the command with its argv untouched; standard streams are the child's own. Signals and job control reach it.
   * Resolves with how it ended; `input` replaces stdin by the bytes read once for `-f -`.
   */
  readonly run: (argv: readonly string[], options?: { directory?: string }) => Promise<ChildEnd>
  /** Runs Compose for our own purposes (stop, create, start), output captured. `globals` are those of an invocation. */
  readonly call: (
    globals: readonly string[],
    command: readonly string[],
    options?: { directory?: string; variables?: Readonly<Record<string, string>> },
  ) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
}

export type ModelAnswer =
  | {
      readonly ok: true
      readonly model: Model
      readonly directory: string | null
      readonly warnings: string
      readonly raw: string
    }
  | { readonly ok: false; readonly error: string; readonly code: number }

export type ChildEnd =
  { readonly code: number; readonly signal: null } | { readonly code: null; readonly signal: NodeJS.Signals }

/** The docker CLI itself. */
export interface Docker {
  /** As `Compose.run`. */
  readonly run: (argv: readonly string[]) => Promise<ChildEnd>
  /** Runs it for our own purposes, output captured, standard input empty. */
  readonly call: (argv: readonly string[]) => Promise<{ readonly code: number; readonly stdout: string }>
  /** What its own configuration adds to every `prune`. Throws `bad-engine-endpoint`. */
  readonly pruneFilters: () => Promise<readonly string[]>
}

// ---- The engine --------------------------------------------------------------------------------------------------

/** All that is asked of a Docker engine, and all that is done to it. Failures are `Stop` with `engine-unreachable` or `not-possible`. */
export interface Engine {
  /** One look: the engine itself, every container, every volume. Parallel calls, no `/system/df`. */
  readonly observe: () => Promise<{
    readonly engine: EngineFact
    readonly containers: readonly ContainerFact[]
    readonly volumes: readonly VolumeFact[]
  }>
  /** The same containers with `details` filled in. Those that vanished meanwhile are left out. */
  readonly inspect: (containers: readonly ContainerFact[]) => Promise<readonly ContainerFact[]>
  /**
   * By reference or id; those that do not exist are left out. `v1Api`: the API version that Compose v1 speaks, such as
   * `1.41`, or `newest`; with it `containerConfig` is told.
   */
  readonly images: (
    references: readonly string[],
    options?: { readonly v1Api: string },
  ) => Promise<readonly ImageFact[]>
  /**
   * A quick look into holdings: database, size, last write, emptiness. Stops at `budget` milliseconds (sizes become
   * null, the database is still told). Starts nothing.
   */
  readonly contents: (
    holdings: readonly Holding[],
    facts: Pick<Facts, 'containers' | 'volumes' | 'engine'>,
    budget: number,
  ) => Promise<ReadonlyMap<Holding, Contents>>
  /** The databases in directories of containers, by the `name` given; what is none, or cannot be looked at, is left out. */
  readonly databases: (
    places: readonly { readonly container: string; readonly path: string; readonly name: string }[],
  ) => Promise<ReadonlyMap<string, DatabaseContents>>
  readonly volume: (name: string) => Promise<VolumeFact | null>
  readonly container: (idOrName: string) => Promise<ContainerFact | null>
  /** Creates, or throws `not-possible` if one of that name stands already. */
  readonly createVolume: (spec: {
    name: string
    driver: string
    options: Readonly<Record<string, string>>
    labels: Readonly<Record<string, string>>
  }) => Promise<VolumeFact>
  readonly removeVolume: (name: string) => Promise<void>
  readonly stop: (id: string) => Promise<void>
  readonly start: (id: string) => Promise<void>
  readonly pause: (id: string) => Promise<void>
  readonly unpause: (id: string) => Promise<void>
  readonly removeContainer: (id: string) => Promise<void>
  readonly setRestartPolicy: (id: string, policy: string, maximumRetries: number) => Promise<void>
  /** Inspect output for `state/`, environment values replaced by keyed hashes. JSON text. */
  readonly redactedInspect: (containerIds: readonly string[], key: Uint8Array) => Promise<string>
  /** Opens the way out of a holding; `close` removes every helper it made. */
  /**
   * Finds out how volumes can be read and filled, which takes a moment, before it is needed. Never throws: whoever
   * opens one is told.
   */
  readonly readyCopies: () => Promise<void>
  /** Opens the way out of a volume or directory; `close` removes every helper it made. */
  readonly openSource: (
    holding: Holding,
    facts: Pick<Facts, 'containers' | 'volumes' | 'engine'>,
  ) => Promise<TarSource>
  /**
   * Opens the way into a volume, which is expected to be empty; or into a layer or a directory, whose present content
   * goes: in a layer at once, in a directory when the sink is settled.
   */
  readonly openSink: (target: SinkTarget) => Promise<TarSink>
  /** Removes everything that is in a volume. Only called after its content was saved. */
  readonly emptyVolume: (name: string) => Promise<void>
  /** Makes a place to try a copy in, or to work on a volume. Throws `not-possible`. */
  readonly scratch: (spec: ScratchSpec) => Promise<Scratch>
  /** Makes a place to prepare a copy in; it goes when `signal` is aborted. Throws `not-possible`. */
  readonly workshop: (spec: WorkshopSpec, signal: AbortSignal) => Promise<Workshop>
  /** A way into a container. */
  readonly inside: (container: string) => Inside
  /** The last lines that a container said; empty for one that is gone. */
  readonly logs: (id: string) => Promise<string>
  /** Follows the engine's events from now on. */
  readonly watch: () => Promise<EventWatch>
  /**
   * Takes the lock of this engine and project: a container name, which the engine makes atomic. A lock whose owner is
   * dead on this host is broken; else throws `locked`.
   */
  readonly lock: (project: string, owner: LockOwner) => Promise<{ readonly release: () => Promise<void> }>
  /** Removes helpers left by runs that died. Names what was removed. */
  readonly clearLeftovers: () => Promise<readonly string[]>
  readonly close: () => void
}

export interface LockOwner {
  readonly host: string
  readonly bootId: string
  readonly pid: number
  /** The process's own start time, in clock ticks since boot as the kernel has it, or ISO where there is no /proc. */
  readonly startedAt: string
}

/** A volume's content as a tar stream. Every way gives the same archive. */
export interface TarSource {
  /** `server`: by the database's own programs, or in its container, while it runs. */
  readonly kind: 'api' | 'mountpoint' | 'server'
  /** What cannot be told through this way (holes, user xattrs), for the manifest. */
  readonly notes: readonly string[]
  /** Bytes expected, for progress and room; null when not known. */
  readonly expectedBytes: number | null
  /**
   * The host's own tar at the mountpoint, to be run with its output wherever the caller wants; null through the API.
   * `args` write to stdout and expect no further ones.
   */
  readonly command: { readonly program: string; readonly args: readonly string[] } | null
  /** The folder itself, for a store that reads files by itself; absent where only a tar is to be had. */
  readonly directory?: string
  /** What was seen in its SQLite databases; absent where nobody looked. */
  readonly sqlite?: SqliteSight
  /** The tar as a stream. `done` settles after the stream ended: rejects if the tar is not whole. */
  readonly open: () => Promise<{ readonly stream: Readable; readonly done: Promise<void> }>
  readonly close: () => Promise<void>
}

export type SinkTarget =
  | {
      readonly kind: 'volume'
      readonly name: string
      /** A folder around the content in an archive of others (`data`, `_data`): what lies in it becomes the root. */
      readonly wrapping?: string
    }
  /** Into a created, never started container at a path: for anonymous volumes. */
  | { readonly kind: 'container'; readonly id: string; readonly path: string }
  /** Into the writable layer of a container that does not run, at a path where it has no mount. */
  | { readonly kind: 'layer'; readonly id: string; readonly path: string }
  /** A directory of this machine. */
  | { readonly kind: 'directory'; readonly path: string }

export interface TarSink {
  readonly kind: 'api' | 'mountpoint'
  readonly command: { readonly program: string; readonly args: readonly string[] } | null
  readonly open: () => Promise<{ readonly stream: Writable; readonly done: Promise<void> }>
  /**
   * Where everything is written beside its place first: puts it there, all at once, and what stood there goes. To be
   * called when what was written has been checked; absent where it is in its place already.
   */
  readonly settle?: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface EventWatch {
  /** What has happened since: a start, unpause, die, destroy or a mount by a new container, a line each with ids. */
  readonly seen: () => readonly EngineEvent[]
  readonly close: () => void
}

export interface EngineEvent {
  readonly type: 'container' | 'volume'
  readonly action: string
  readonly id: string
  readonly name: string
  readonly time: string
}

// ---- Databases ---------------------------------------------------------------------------------------------------

/** A way into a running container. Throws `not-possible` when it does not run, or is paused. */
export interface Inside {
  /**
   * Runs a line of the container's shell to its end. What it needs comes in by `variables`, never as part of the line:
   * that is what others may read in a list of processes. A line that cannot be run (no shell) ends with 126 or 127.
   */
  readonly run: (
    line: string,
    options?: InsideOptions & { readonly input?: string },
  ) => Promise<{
    readonly code: number
    readonly stdout: string
    readonly stderr: string
  }>
  /** Starts a line of the container's shell and leaves its streams to the caller. */
  readonly start: (line: string, options?: InsideOptions) => Promise<InsideProcess>
  /** What the container was started with: its entrypoint and command. May hold secrets. */
  readonly commandLine: () => Promise<readonly string[]>
}

export interface InsideOptions {
  readonly variables?: Readonly<Record<string, string>>
}

/** A program at work in a container. */
export interface InsideProcess {
  /** `end()` ends the program's input. */
  readonly stdin: Writable
  /** To be read to its end, or destroyed. It fails when the line to the engine breaks off. */
  readonly stdout: Readable
  /** Settles when the program has ended and its outputs are closed. Rejects when that cannot be known any more. */
  readonly ended: Promise<{ readonly code: number; readonly stderr: string }>
  /** Lets go of it. A program that still writes or reads gets to know. */
  readonly hangUp: () => void
}

/** What a server is tried with, or worked on in. */
export interface ScratchSpec {
  /** Id or reference. It is not pulled. */
  readonly image: string
  /** The container whose program, user, environment and read-only directories are taken over; null: the image's own. */
  readonly like: string | null
  /** On top of that environment. */
  readonly variables: Readonly<Record<string, string>>
  /** Where the data is mounted. */
  readonly path: string
  readonly data:
    | {
        /** Puts the data into a new volume, before anything can see it. */
        readonly fill: (volume: string) => Promise<void>
      }
    /** A volume that is there, which nobody else uses meanwhile. It stays. */
    | { readonly volume: string }
}

/** A container of its own without a network, on a volume of its own or on one that is there. */
export interface Scratch {
  readonly start: () => Promise<void>
  readonly inside: Inside
  /** The way into the same container with no server in it, while the work lasts: for its files. */
  readonly atRest: <T>(work: (inside: Inside) => Promise<T>) => Promise<T>
  /** Ends its server as it wants to be ended, and waits for it. */
  readonly stop: () => Promise<void>
  readonly state: () => Promise<'running' | { readonly exitCode: number | null }>
  /** The last lines that it said. */
  readonly logs: () => Promise<string>
  /** Nothing of it is left. */
  readonly remove: () => Promise<void>
}

/** Where a copy is prepared. */
export interface WorkshopSpec {
  /** The container whose image it has. */
  readonly like: string
  /** Where the volume of our own is mounted. */
  readonly path: string
  /** What can be looked at in it, and not written to. */
  readonly reads?: { readonly holding: Holding; readonly path: string }
}

/** A volume of our own in a container that does nothing by itself and has no network. */
export interface Workshop {
  /** As root. */
  readonly inside: Inside
  /** The volume as it is now; nothing is to be done in it any more. `close` removes it. */
  readonly source: () => Promise<TarSource>
  /** Nothing of it is left. */
  readonly remove: () => Promise<void>
}

/** The kinds of servers that can be asked. */
export interface Databases {
  readonly server: (kind: ServerKind, inside: Inside) => DatabaseServer
}

/**
 * A server in a running container, asked by the clients that are there beside it, so that versions match. Its
 * credentials are those that the container has itself; they never leave it. Every call throws `not-possible` with the
 * server's own words when it does not answer, or may not be asked.
 */
export interface DatabaseServer {
  readonly kind: ServerKind
  readonly status: () => Promise<ServerStatus>
  /**
   * Asks one question, in which nothing can be written: a query of one of its databases, for Redis a command that
   * counts. Throws `not-possible` where the answer is not one number, or the question is none of these.
   */
  readonly ask: (database: string | null, query: string) => Promise<number>
  /** What is in it. Rows are counted for `budget` milliseconds per database, smallest tables first. */
  readonly count: (budget: number) => Promise<readonly Figure[]>
  /** How its files are copied consistently while it goes on; in words why they cannot be. Changes nothing. */
  readonly copyOnline: (place: OnlinePlace) => Promise<OnlineCopy | { readonly whyNot: string }>
  /**
   * Its own checks, which only read: troubles in the server's own words, a line each; empty where none was found. Takes
   * as long as reading everything does.
   */
  readonly check: () => Promise<readonly string[]>
  /** What its own programs can mend, and throws nothing away that can still be read. */
  readonly repair: Repair
  /** Everything in it as its own clients write it down. */
  readonly dumps: () => Promise<readonly DumpSource[]>
  /**
   * Makes a new, empty database, with the character set of `like` where that is there. Throws `not-possible` when it is
   * there already: what somebody else made is never taken for ours, nor removed.
   */
  readonly create: (name: string, like: string | null) => Promise<void>
  /**
   * Reads a dump into a database that `create` made, and gives what is in it then; it ends at the first error. Only for
   * dumps of one database; a form without databases is checked by the server's own program, and gives no figures.
   */
  readonly load: (
    dump: { readonly form: DumpForm; readonly stream: Readable },
    into: string,
  ) => Promise<readonly Figure[]>
  /** Removes a database, if it is there. */
  readonly drop: (database: string) => Promise<void>
  /** The names of its databases, its own ones left out. */
  readonly names: () => Promise<readonly string[]>
  /** Makes those accounts of a dump that are not there; changes none that is. Gives the names of those that it made. */
  readonly addAccounts: (text: string) => Promise<readonly string[]>
  /**
   * Puts a database in the place of another, which is kept under a new name, both at once; who is connected to either is
   * cut off. Null where a server cannot rename databases.
   */
  readonly swap: ((fresh: string, database: string, keepAs: string) => Promise<void>) | null
}

/**
 * - `server`: done by one that runs, answers, and is left alone meanwhile
 * - `files`: done to the files below a folder while no server runs on them
 */
export interface Repair {
  readonly by: 'server' | 'files'
  /** `folder`: where the data is mounted. Throws `not-possible`. */
  readonly run: (folder: string) => Promise<Repaired>
}

/** Where a server's files lie, and where a copy of them can be made ready. */
export interface OnlinePlace {
  /** Where the volume is mounted in the server's container. */
  readonly path: string
  /** Whether other containers write to that volume as well. */
  readonly shared: boolean
  readonly workshop: (signal: AbortSignal) => Promise<Workshop>
}

/** Where SQLite databases are copied by what their program's image brings along. */
export interface SqlitePlace {
  /** The container of the program that writes to them. */
  readonly inside: Inside
  /** Where they are seen in the workshop, and where the copy is made there. */
  readonly data: string
  readonly copy: string
  readonly workshop: (signal: AbortSignal) => Promise<Workshop>
}

/** A copy that is consistent although nobody stands still for it. */
export interface OnlineCopy {
  /**
   * Makes it, of this moment or a later one, and gives it as the tar of the volume; what it leaves out stands in its
   * notes. Throws `not-possible` where it cannot be had after all; then nothing of it is left. When `signal` is aborted
   * it is given up.
   */
  readonly make: (signal: AbortSignal) => Promise<TarSource>
}

/** A dump that can be taken. */
export interface DumpSource {
  /** A file name, safe and told apart from those of the same server: `shop.dump`. */
  readonly name: string
  readonly database: string | null
  readonly form: DumpForm
  /**
   * Starts it. `done` settles after the stream was read to its end: rejects unless the dump is whole. `figures` are
   * what was counted in the very state that the dump shows; empty where the server cannot.
   */
  readonly open: () => Promise<{
    readonly stream: Readable
    readonly done: Promise<{ readonly figures: readonly Figure[] }>
    /** Gives it up. */
    readonly stop: () => void
  }>
}

// ---- The store ---------------------------------------------------------------------------------------------------

/**
 * Where restore points live. Whatever opens the content of one that is encrypted throws `no-identity` where nothing here
 * can; what only compares hashes needs no identity. What is published is whole: written under a temporary name, hashed while written, synced,
 * the manifest last, renamed. A kill at any moment leaves nothing that `list` calls good.
 */
export interface Store {
  /** What it is called for people: its folder, or its repository without what is secret in its address. */
  readonly name: string
  /** The folder of this machine where the journal and the ledger lie, and with a directory store everything. */
  readonly root: string
  /** Whether a restore point is a folder of files, or something that only its store can read. */
  readonly keeps: 'files' | 'snapshots'
  /** Every folder of this machine in which it keeps something. */
  readonly folders: readonly string[]
  /** Makes the root if need be and proves that it can be written. Throws `store-unusable`. */
  readonly prepare: () => Promise<void>
  readonly begin: (scope: StoreScope, id: string) => Promise<RestorePointDraft>
  /** Newest first. `project` null: every project. */
  readonly list: (scope: {
    readonly engine: string | null
    readonly project: string | null
  }) => Promise<readonly RestorePoint[]>
  /** The ids of what is there of a project, be it good or not; nothing of it is read. */
  readonly ids: (scope: StoreScope) => Promise<ReadonlySet<string>>
  /** By id or unambiguous beginning. Throws `restore-point-not-found`, `manifest-unreadable`. */
  readonly find: (
    scope: { readonly engine: string | null; readonly project: string | null },
    id: string,
  ) => Promise<RestorePoint>
  /** Makes sure that what is encrypted can be opened here; what is in the clear always can. Throws `no-identity`. */
  readonly unlock: (point: RestorePoint) => Promise<void>
  /** Reads the whole archive: hash, length, entries, end of the tar. Throws `archive-damaged`. */
  readonly check: (
    point: RestorePoint,
    record: HoldingRecord,
    onBytes: (done: number) => void,
  ) => Promise<void>
  /** Length and hash only: what was read back whole when it was written is the same still. Throws `archive-damaged`. */
  readonly confirm: (
    point: RestorePoint,
    record: HoldingRecord,
    onBytes: (done: number) => void,
  ) => Promise<void>
  /** Writes an archive's content into the sink, checking hash and length on the way. */
  readonly extract: (
    point: RestorePoint,
    record: HoldingRecord,
    sink: TarSink,
    onBytes: (done: number) => void,
  ) => Promise<TarCounts>
  /** Reads the whole dump: hash, length, and what comes out when it is decompressed. Throws `archive-damaged`. */
  readonly checkDump: (
    point: RestorePoint,
    record: DumpRecord,
    onBytes: (done: number) => void,
  ) => Promise<void>
  /** Length and hash of a dump only. Throws `archive-damaged`. */
  readonly confirmDump: (point: RestorePoint, record: DumpRecord) => Promise<void>
  /** The dump as its maker wrote it. `done` settles after the stream was read to its end; rejects when it is damaged. */
  readonly openDump: (
    point: RestorePoint,
    record: DumpRecord,
  ) => Promise<{ readonly stream: Readable; readonly done: Promise<void> }>
  /** A file of `state`, checked, in the clear. Throws `archive-damaged`. */
  readonly readState: (point: RestorePoint, file: StoredFile) => Promise<Uint8Array>
  /**
   * Looks whether what holds all restore points together is sound. Null where each is files of its own. Throws
   * `store-unusable`.
   */
  readonly examine: (() => Promise<Pick<VerifiedPart, 'well' | 'found'>>) | null
  /** Keeps with a restore point what came of trying it; an earlier result goes. */
  readonly recordVerification: (point: RestorePoint, verification: Verification) => Promise<void>
  /** Every project of every engine of which something is kept. */
  readonly scopes: () => Promise<readonly StoreScope[]>
  /** Marks a restore point for removal since then; null takes the mark back. */
  readonly mark: (point: RestorePoint, since: Date | null) => Promise<void>
  /**
   * Nobody removes the restore point until it is released, or this process has ended. Throws `restore-point-not-found`
   * when it is gone.
   */
  readonly hold: (point: RestorePoint) => Promise<{ readonly release: () => Promise<void> }>
  /** The ids of those that are held. */
  readonly beingRead: (
    scope: StoreScope,
    isAlive: (owner: LockOwner) => Promise<boolean>,
  ) => Promise<ReadonlySet<string>>
  /**
   * Removes a restore point, at one moment: a kill leaves it whole, or remains that `clearPartials` clears. False when it
   * is held, and stays. One that somebody else removed is gone.
   */
  readonly remove: (point: RestorePoint, isAlive: (owner: LockOwner) => Promise<boolean>) => Promise<boolean>
  /**
   * Gives back the room of what was removed where `remove` does not; to be called when something was removed. Does
   * nothing when it was done lately: it may take long.
   */
  readonly reclaim: () => Promise<void>
  /** Removes `.partial` folders of runs that are dead. Names them. */
  readonly clearPartials: (
    scope: StoreScope,
    isAlive: (owner: LockOwner) => Promise<boolean>,
  ) => Promise<readonly string[]>
  readonly journal: (scope: StoreScope) => Journal
  readonly ledger: (scope: StoreScope) => LedgerFile
  /** Every ledger of the store; those that cannot be read are left out. */
  readonly ledgers: () => Promise<readonly Ledger[]>
}

/** A folder that restore points are copied to, in the layout of the store that they come from. */
export interface CopyPlace {
  readonly root: string
  /** What is there of a project. Throws `store-unusable`. */
  readonly ids: (scope: StoreScope) => Promise<ReadonlySet<string>>
  /**
   * Copies a restore point whole or not at all: each file compared with its hash on the way and read back, all of it
   * published at once. `there`: it was there already, whole. Throws `store-unusable`, `no-space`, `archive-damaged`,
   * `locked`, `not-possible`. Bytes of all files so far go to `onBytes`.
   */
  readonly take: (point: RestorePoint, onBytes: (done: number) => void) => Promise<'copied' | 'there'>
}

export interface StoreScope {
  readonly engine: string
  readonly project: string
}

/** A restore point while it is written. */
export interface RestorePointDraft {
  readonly id: string
  /**
   * Writes one archive: source → compressor → hash → file, then reads it back once. Throws `no-space`,
   * `backup-failed`. Bytes of the tar so far go to `onBytes`.
   */
  readonly putArchive: (
    name: string,
    source: TarSource,
    onBytes: (done: number) => void,
  ) => Promise<HoldingRecord['kept']>
  /**
   * Writes one dump, compressed and proven like an archive; `name` is a file name without the compressor's ending. Throws
   * `no-space`, `backup-failed`.
   */
  readonly putDump: (
    name: string,
    source: Awaited<ReturnType<DumpSource['open']>>,
    onBytes: (done: number) => void,
  ) => Promise<
    Pick<DumpRecord, 'path' | 'bytes' | 'sha256' | 'compression' | 'plainBytes' | 'snapshot' | 'added'>
  >
  readonly putFile: (path: string, content: string | Uint8Array) => Promise<StoredFile>
  /** Manifest last, sync, rename. After it the restore point exists. */
  readonly publish: (
    manifest: Omit<Manifest, 'id' | 'sequence' | 'state' | 'format'>,
  ) => Promise<RestorePoint>
  /** Removes what was written, and what is being written at the moment; nothing can be put any more. */
  readonly discard: () => Promise<void>
}

/** Append-only record of guarded commands, one JSON object per line; the last line about an id stands. */
export interface Journal {
  readonly append: (entry: JournalEntry) => Promise<void>
  /** Oldest first. A torn last line is passed over. */
  readonly read: () => Promise<readonly JournalEntry[]>
}

export interface LedgerFile {
  readonly read: () => Promise<Ledger | null>
  readonly write: (ledger: Ledger) => Promise<void>
}

/** SQLite, which is files and no server. */
export interface SqliteFiles {
  /**
   * How the databases of a volume are copied consistently while the program goes on that writes to them, with the files
   * beside them; in words why they cannot be. Changes nothing.
   */
  readonly copyOnline: (place: SqlitePlace) => Promise<OnlineCopy | { readonly whyNot: string }>
  /**
   * Lets `fill` write a tar, opens each database in it on its own, and tells what it is. Null where this machine has
   * nothing that reads SQLite. Throws `no-space`, and what `fill` throws.
   */
  readonly look:
    ((fill: (sink: TarSink) => Promise<unknown>, signal: AbortSignal) => Promise<SqliteSight>) | null
  /**
   * Lets `fill` write a tar, and keeps the databases in it at hand until `remove`. Null where this machine has nothing that
   * writes SQLite down. Throws `no-space`, and what `fill` throws.
   */
  readonly take:
    ((fill: (sink: TarSink) => Promise<unknown>, signal: AbortSignal) => Promise<SqliteTaken>) | null
}

/** Databases that were taken out of a copy. */
export interface SqliteTaken {
  /** Their paths in it. */
  readonly names: readonly string[]
  /**
   * Writes one down in SQL, reads that into a new database, and compares the two. Throws `not-possible` where it is damaged
   * or the two are not the same, and `no-space`.
   */
  readonly dump: (name: string) => Promise<SqliteDump>
  /** Gives up what is being written down; then nothing of them is left on this machine. */
  readonly remove: () => Promise<void>
}

export interface SqliteDump {
  /** The SQL, as `sqlite3` reads it. */
  readonly open: () => Readable
  readonly bytes: number
  readonly tables: number
  readonly rows: number
  /** Why it could not be read in here, although it may be well: what only its application brings along. Null where it was. */
  readonly notTried: string | null
}

/** Where a result goes that is no text for a page. */
export interface Output {
  readonly isTerminal: boolean
  /**
   * All of it, once `whole` says that it was, or nothing that looks like it. Throws `not-possible`, and what the stream and
   * `whole` throw.
   */
  readonly write: (stream: Readable, whole: Promise<unknown>) => Promise<void>
}

// ---- People, time, the host --------------------------------------------------------------------------------------

export interface Prompt {
  /** Asks what to do about a decision. Throws `interrupted` on Ctrl-C. */
  readonly ask: (question: {
    readonly decision: Decision
    readonly plan: Plan
    readonly project: string
    readonly command: readonly string[]
    readonly keepCommand: readonly string[] | null
    readonly canBackUp: boolean
    /** Whether the answer may be remembered: only for the project that was typed in its own directory. */
    readonly mayBeAlways: boolean
  }) => Promise<Answer>
  /** A yes/no question, default no. */
  readonly confirm: (question: string) => Promise<boolean>
  /** One of several; null for `none`, the safe one, which is what Enter gives. Throws `interrupted` on Ctrl-C. */
  readonly choose: (question: string, options: readonly string[], none: string) => Promise<number | null>
}

/** Starts the small child that puts things back if we die. */
export interface Guardian {
  /** From now on: if our end of the pipe closes without `disarm`, it unpauses, starts and restores restart policies. */
  readonly arm: (
    host: EngineFact['host'],
    ran: readonly RunState[],
  ) => Promise<{ readonly disarm: () => Promise<void> }>
}

export interface Host {
  readonly now: () => Date
  readonly random: (bytes: number) => Uint8Array
  /** Of the text's UTF-8 bytes, in lower-case hex. */
  readonly sha256: (text: string) => string
  /** Under a key that only this process knows: equal texts give equal seals, and nobody can read them. */
  readonly seal: (text: string) => string
  readonly owner: () => Promise<LockOwner>
  readonly isAlive: (owner: LockOwner) => Promise<boolean>
}

/** Tells whoever is on duty. */
export interface Notifier {
  /**
   * Sends it wherever the configuration says, with a time limit, and tries again what fails for the moment. Never
   * throws: a message that cannot be delivered is said to the reporter, and stops nothing.
   */
  readonly tell: (notice: Notice) => Promise<void>
  /** Sends it to one channel, once, whatever that channel wants to hear. `why` it did not arrive; null when it did. */
  readonly test: (
    channel: Channel,
    notice: Notice,
  ) => Promise<{ readonly why: string | null; readonly milliseconds: number }>
  /** What could not be delivered yet: the channel's name for each notice. */
  readonly waiting: () => Promise<readonly string[]>
}

// ---- Schedules ---------------------------------------------------------------------------------------------------

/** What starts runs by itself: timers of systemd, lines of a crontab, agents of launchd. */
export interface Scheduler {
  readonly kind: Exclude<SchedulerKind, 'serve' | 'by-hand'>
  /** Why it cannot be used here, for people; null where it can. */
  readonly whyNot: () => Promise<string | null>
  /** Everything that `install` places, and where. */
  readonly texts: (schedule: PlacedSchedule) => readonly PlacedText[]
  /** Whether it starts the runs of this key. Throws `not-possible` where that cannot be told. */
  readonly has: (key: string) => Promise<boolean>
  /**
   * Places it in the place of one that is there, all of it or nothing. Gives what is different now; nothing where it was
   * there already. Throws `not-possible`.
   */
  readonly install: (schedule: PlacedSchedule) => Promise<readonly string[]>
  /** Takes back what `install` placed, and gives what that was; nothing where there was nothing. Throws `not-possible`. */
  readonly remove: (key: string) => Promise<readonly string[]>
  /** When it starts the next run; null where it does not say. */
  readonly next: (key: string) => Promise<Date | null>
}

/** What a scheduler is told. */
export interface PlacedSchedule {
  readonly key: string
  readonly project: string
  /** The shell script that it starts; absolute. */
  readonly script: string
  /** Calendar events as systemd writes them. */
  readonly calendar: readonly string[]
  /** Minutes past the hour, 0 to 59, other ones for other projects. */
  readonly offset: number
}

export interface PlacedText {
  /** A path, or what else a person opens to see it. */
  readonly place: string
  readonly text: string
}

/** What is remembered of schedules, in the user's own state. */
export interface ScheduleBook {
  /** The files of one schedule. */
  readonly script: (key: string) => string
  readonly log: (key: string) => string
  /** Null where there is none, or it cannot be read. */
  readonly plan: (key: string) => Promise<SchedulePlan | null>
  /** Writes the plan and the script that a timer calls. Throws `not-possible`. */
  readonly keep: (plan: SchedulePlan, script: string) => Promise<void>
  /** Removes plan and script; the runs are still known. */
  readonly forget: (key: string) => Promise<void>
  /** Oldest first; what cannot be read is left out. */
  readonly runs: (key: string) => Promise<readonly JobRun[]>
  /** Adds runs, and lets go of the oldest ones. Only under the lock. Throws `not-possible`. */
  readonly addRun: (key: string, run: JobRun) => Promise<void>
  /**
   * Lets one run at a time begin. The lock of one that died is taken over. Gives since when another one is at work, or
   * how to end ours. Throws `not-possible`.
   */
  readonly lock: (
    key: string,
    owner: LockOwner,
  ) => Promise<{ readonly release: () => Promise<void> } | { readonly since: string }>
  /** Since when a run is at work; null where there is none. */
  readonly running: (key: string) => Promise<string | null>
}

/** The moments that five fields of cron name in a time zone, with its changes of the clock. */
export interface Calendar {
  /** The first one after a time; null where there is none any more. */
  readonly next: (expression: string, zone: string, after: Date) => Promise<Date | null>
  /** The last one that is not after a time. */
  readonly last: (expression: string, zone: string, until: Date) => Promise<Date | null>
}

/** Runs of ourselves as children, and the signals that end us. */
export interface Runner {
  /** Starts us with these words; its outputs are ours. Signals of the terminal do not reach it. */
  readonly start: (
    words: readonly string[],
    options: { readonly directory: string; readonly variables: Readonly<Record<string, string>> },
  ) => { readonly ended: Promise<ChildEnd>; readonly end: () => void }
  /** Calls the listener at each signal that asks us to end, from now on. */
  readonly onEnd: (listener: () => void) => void
  /** Milliseconds, or until `wake` settles. */
  readonly sleep: (milliseconds: number, wake: Promise<unknown>) => Promise<void>
}

// ---- Doors -------------------------------------------------------------------------------------------------------

/**
 * Files that stand in the way of Docker commands. Most belong to the user or to programs that are not ours. Texts have a
 * character for each byte. All throw `not-possible`; then nothing has changed.
 */
export interface DoorFiles {
  readonly look: (path: string) => Promise<DoorFile>
  /** Whether both names are of the very same file. */
  readonly isSame: (path: string, other: string) => Promise<boolean>
  /** Those that `makeFolder` would make, the outermost first. */
  readonly missingFolders: (path: string) => Promise<readonly string[]>
  /** With all above it. For everybody who is on this machine, or for the user alone. */
  readonly makeFolder: (path: string, forAll: boolean) => Promise<void>
  /** Those that are empty, the last one first. */
  readonly removeFolders: (folders: readonly string[]) => Promise<void>
  /** Temporary files that runs which were killed have left beside a file. */
  readonly clearLeftovers: (path: string) => Promise<void>
  /** An executable file, in the place of whatever stands there: readers see the old one or the new one. A link is replaced. */
  readonly place: (path: string, text: string) => Promise<void>
  /**
   * Changes a file of the user's as a whole, if it still is `before`. Null: there is none. A link stays one; mode and owner
   * stay.
   */
  readonly edit: (path: string, before: string | null, after: string | null) => Promise<void>
  readonly remove: (path: string) => Promise<void>
  /** Within one folder; its mode and times stay. */
  readonly move: (from: string, to: string) => Promise<void>
  /**
   * As `move`, but what is moved stays to be seen in its place where the file system can do that, to be replaced. Another
   * one that is kept there already goes to a name of its own, which is given back.
   */
  readonly keepAside: (path: string, aside: string) => Promise<string | null>
}

export type DoorFile =
  | { readonly kind: 'missing' }
  /** Text is null where it is too large to be one. */
  | { readonly kind: 'file'; readonly text: string | null }
  /** `real`: what it leads to in the end; null where that is not there. */
  | { readonly kind: 'link'; readonly to: string; readonly real: string | null; readonly text: string | null }
  | { readonly kind: 'other' }

/**
 * What `install` has placed, remembered in the user's own state. A record that is not there is an empty one; one that
 * cannot be read is left as it is. All throw `not-possible`.
 */
export interface DoorRecord {
  readonly all: () => Promise<readonly Placed[]>
  /** Before it is placed. What is remembered for this path is then an earlier text of it, until it is `done`. */
  readonly add: (placed: Placed) => Promise<void>
  /** It stands there now, and nothing earlier. */
  readonly done: (path: string) => Promise<void>
  /** Folders that were made for it go with what else lies in them. */
  readonly forget: (path: string) => Promise<void>
}

/** What `doctor` wants to know of this machine. */
export interface HostSurvey {
  /** Where it is arranged that backups are taken by themselves, for people; null where that cannot be read. */
  readonly schedules: readonly string[] | null
  /** Bytes free where the store lies; null where it cannot be told. */
  readonly free: number | null
  readonly doors: DoorSurvey
}

/** Consistency that a copy really had, and what to write beside it. */
export interface CopyQuality {
  readonly consistency: Consistency
  readonly notes: readonly string[]
}
