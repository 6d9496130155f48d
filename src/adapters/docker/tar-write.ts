import { paddingOf, writeExtension, writeHeader } from '../../core/tar-header.ts'
import type { Header } from '../../core/tar-header.ts'

/** A tar of small files. */
export function filesTar(files: Readonly<Record<string, string>>): Buffer {
  return writeTar(
    Object.entries(files).map(([path, text]) => ({
      path,
      flag: '0',
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: 0,
      content: Buffer.from(text),
    })),
  )
}

/** A tar of nothing. */
export const emptyTar: Buffer = Buffer.alloc(1024)

/** A whole tar of these entries. */
export function writeTar(entries: readonly (Omit<Header, 'size'> & { readonly content: Buffer })[]): Buffer {
  const parts = entries.flatMap(({ content, ...entry }) => [
    ...(Buffer.byteLength(entry.path) > 100
      ? [writeExtension(entry, [['path', Buffer.from(entry.path)]])]
      : []),
    writeHeader({ ...entry, size: content.length }),
    content,
    Buffer.alloc(paddingOf(content.length)),
  ])
  return Buffer.concat([...parts, emptyTar])
}
