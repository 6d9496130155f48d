/** Written into every store: how to get data back without this program. */
export const storeReadme = `# Restore points of safe-compose

    <engine id>/<project>/<restore point>/
        manifest.json     what it holds, how each part was copied, its hashes
        volumes/          one compressed tar for each volume: .tar.zst or .tar.gz
        state/            the Compose files, the unresolved model, inspect output without values
    <engine id>/<project>/journal.jsonl    the guarded commands, one JSON object a line
    <engine id>/<project>/ledger.json      which service used which volume

A folder without a manifest.json, or one that ends in .partial, is not a restore point. The archives hold the data
itself, passwords in it included: keep this folder as safe as the databases.

## With safe-compose

    safe-compose backups
    safe-compose undo
    safe-compose restore ID --volume VOLUME

## Without it

Check the archive against the "sha256" in manifest.json:

    sha256sum volumes/shop_pgdata.tar.zst

Stop what uses the volume, make an EMPTY volume (never unpack over old files), unpack, start:

    docker compose stop db
    docker volume create shop_pgdata
    zstd -dc volumes/shop_pgdata.tar.zst | docker run --rm -i -v shop_pgdata:/v busybox tar xf - -C /v --numeric-owner
    docker compose start db

For a .tar.gz write "gzip -dc" instead of "zstd -dc". On the engine's own machine the archive can also be unpacked
straight into the volume's folder, which keeps extended attributes and holes as well (busybox does not know files with
holes, GNU tar does):

    zstd -dc volumes/shop_pgdata.tar.zst |
      tar --numeric-owner --xattrs --acls -xpf - -C "$(docker volume inspect -f '{{.Mountpoint}}' shop_pgdata)"

A volume that Compose made carries labels; "volume" in manifest.json lists them with the driver's options. Without the
labels Compose uses the volume too, and warns that it was not created by Compose.
`
