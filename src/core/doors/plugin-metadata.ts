/** What the docker CLI asks its plugins before each use. */
export function pluginMetadata(version: string): Readonly<Record<string, string>> {
  return {
    SchemaVersion: '0.1.0',
    Vendor: 'safe-compose',
    Version: version,
    ShortDescription: 'Docker Compose, with a backup before data is destroyed',
  }
}
