/** Where everybody of the docker group shares restore points, once an administrator has made the folder. */
export const systemRoot = '/var/lib/safe-compose'

/**
 * The folder for restore points where nothing else is said: the system's if it is there and can be written, else the
 * user's own data folder.
 */
export function storeRoot(from: {
  readonly systemRootIsWritable: boolean
  readonly dataHome: string | null
  readonly home: string
}): string {
  if (from.systemRootIsWritable) return systemRoot
  const data =
    from.dataHome !== null && from.dataHome.startsWith('/') ? from.dataHome : `${from.home}/.local/share`
  return `${data}/safe-compose`
}
