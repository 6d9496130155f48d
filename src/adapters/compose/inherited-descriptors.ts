import { fstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A descriptor as it was handed to this process, with the file that it stood for then. */
export interface InheritedDescriptor {
  readonly fd: number
  readonly device: number
  readonly inode: number
}

/**
 * Whether it is open, and still what was handed to us: the number of one that was closed goes to the next that is
 * opened, which may be a pipe of our own, such as the one by which a child is started.
 */
export function isStillHeld({ fd, device, inode }: InheritedDescriptor): boolean {
  const found = describe(fd)
  return found !== null && found.device === device && found.inode === inode
}

/**
 * The descriptors above 2 that were handed to this process, such as those of a shell's `<(…)`. Node's own are told
 * apart by what they are: epoll and event descriptors, `/dev/null`, and pipes of which it holds both ends, none of
 * them open to child processes. To be asked first of all, before the program itself opens anything.
 *
 * Without `/proc` nothing tells them apart: then those count that a word of `argv` names (`/dev/fd/N`).
 */
export function inheritedDescriptors(argv: readonly string[]): readonly InheritedDescriptor[] {
  return numbersOfInherited(argv).flatMap(fd => describe(fd) ?? [])
}

function numbersOfInherited(argv: readonly string[]): readonly number[] {
  const open = openDescriptors()
  if (open === null) return namedDescriptors(argv)
  const others = open.filter(({ fd, target }) => fd > 2 && !isNodesOwn(target))
  const holdsBothEnds = (target: string): boolean => {
    const ends = others.filter(each => each.target === target)
    return ends.length > 1 && ends.every(({ fd }) => closesOnExec(fd))
  }
  return others
    .filter(({ target }) => !target.startsWith('pipe:') || !holdsBothEnds(target))
    .map(({ fd }) => fd)
}

interface Descriptor {
  readonly fd: number
  readonly target: string
}

function openDescriptors(): readonly Descriptor[] | null {
  let names: readonly string[]
  try {
    names = readdirSync('/proc/self/fd')
  } catch {
    return null
  }
  return names.flatMap(name => {
    try {
      return [{ fd: Number(name), target: readlinkSync(`/proc/self/fd/${name}`) }]
    } catch {
      // The descriptor with which the folder itself was read is gone by now.
      return []
    }
  })
}

function isNodesOwn(target: string): boolean {
  return target.startsWith('anon_inode:') || target === '/dev/null'
}

function closesOnExec(fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))
  return flags !== null && (Number.parseInt(flags[1] ?? '0', 8) & closeOnExec) !== 0
}

/** O_CLOEXEC as Linux shows it. */
const closeOnExec = 0o2000000

function namedDescriptors(argv: readonly string[]): readonly number[] {
  const named = argv.flatMap(word => [...word.matchAll(/\/dev\/fd\/(\d+)/g)].map(match => Number(match[1])))
  return [...new Set(named)].filter(fd => fd > 2)
}

/** Null when it is closed. */
function describe(fd: number): InheritedDescriptor | null {
  try {
    const { dev, ino } = fstatSync(fd)
    return { fd, device: dev, inode: ino }
  } catch {
    return null
  }
}
