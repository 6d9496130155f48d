/**
 * The name under which something was put into a restore point, of the path at which it lies there: without the folder
 * and without the endings of the store's own (`volumes/shop_pgdata.tar.zst.age` is `shop_pgdata`).
 *
 * @param endings what the store may have put behind it
 */
function nameOf(path: string, folder: string, endings: RegExp): string {
  const inside = path.startsWith(folder) ? path.slice(folder.length) : path
  return inside.replace(endings, '')
}

export function archiveName(path: string): string {
  return nameOf(path, 'volumes/', /\.tar(?:\.zst|\.gz)?(?:\.age)?$/)
}

/** With its server's folder, and the ending of its form: `db/shop.dump`. */
export function dumpName(path: string): string {
  return nameOf(path, 'dumps/', /(?:\.zst|\.gz)?(?:\.age)?$/)
}

/** With its folder: `state/inspect.json`. */
export function stateName(path: string): string {
  return nameOf(path, '', /\.age$/)
}
