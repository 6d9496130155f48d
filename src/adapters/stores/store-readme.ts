/** Written into every store: how to get data back without this program. */
export const storeReadme = `# Restore points of safe-compose

    <engine id>/<project>/<restore point>/
        manifest.json     what it holds, how each part was copied, its hashes
        volumes/          one compressed tar for each volume, container path or directory: .tar.zst or .tar.gz
        dumps/            one folder for each server: what pg_dump, mariadb-dump and the like wrote, .zst or .gz
        state/            the Compose files, the unresolved model, inspect output without values
    <engine id>/<project>/journal.jsonl    the guarded commands, one JSON object a line
    <engine id>/<project>/ledger.json      which service used which volume

A folder without a manifest.json, or one that ends in .partial, is not a restore point. The archives hold the data
itself, passwords in it included: keep this folder as safe as the databases.

Files that end in .age are encrypted with age (https://age-encryption.org); "encryption" in manifest.json names the public
keys. Names, sizes, counts and times in manifest.json and journal.jsonl stay readable.

## With safe-compose

    safe-compose backups
    safe-compose undo
    safe-compose restore ID --volume VOLUME

## Without it

In the folder of the restore point: check the archive against its "sha256" in manifest.json. For a .tar.gz write
"gzip -dc" instead of "zstd -dc" from here on.

    sha256sum volumes/shop_pgdata.tar.zst

A file that ends in .age is checked as it is, then decrypted with the identity (AGE-SECRET-KEY-1...) of one of the
recipients. Go on only if age ends without an error, and remove what it wrote when you are done:

    age -d -i identity.txt -o volumes/shop_pgdata.tar.zst volumes/shop_pgdata.tar.zst.age

Stop what uses the volume and make an EMPTY one (never unpack over old files). On the engine's own machine unpack with
GNU tar, as root, into the volume's folder; everything comes back as it was:

    docker volume create shop_pgdata
    zstd -dc volumes/shop_pgdata.tar.zst |
      tar --numeric-owner --xattrs --acls -xpf - -C "$(docker volume inspect -f '{{.Mountpoint}}' shop_pgdata)"

From any other machine through the engine. Holes are filled, and the owner and mode of the root folder are not set: the
first line of the second command shows them, the last command sets them:

    docker volume create shop_pgdata
    zstd -dc volumes/shop_pgdata.tar.zst | tar --numeric-owner -tvf - | head -n 1
    docker create --name unpack -v shop_pgdata:/v busybox
    zstd -dc volumes/shop_pgdata.tar.zst | docker cp - unpack:/v
    docker rm unpack
    docker run --rm -v shop_pgdata:/v busybox sh -c 'chown 999:999 /v && chmod 700 /v'

Do not unpack with the tar of busybox: it knows neither files with holes nor extended attributes.

A dump goes into a server that runs; its version may be a newer one. PostgreSQL, roles first ("already exists" is no harm):

    zstd -dc dumps/db/globals.sql.zst | docker exec -i shop-db-1 psql -U postgres
    docker exec shop-db-1 createdb -U postgres shop_restored
    zstd -dc dumps/db/shop.dump.zst | docker exec -i shop-db-1 pg_restore -U postgres --exit-on-error -d shop_restored

MariaDB and MySQL, into a new, empty database; accounts.sql (who may log in) names none:

    docker exec shop-db-1 sh -c 'mariadb -uroot -p"$MARIADB_ROOT_PASSWORD" -e "create database shop_restored"'
    zstd -dc dumps/db/shop.sql.zst |
      docker exec -i shop-db-1 sh -c 'mariadb -uroot -p"$MARIADB_ROOT_PASSWORD" shop_restored'

What lay in a container itself ("kind": "layer" in manifest.json, with its path) goes into the new container, before it
starts; "." stands for that path:

    docker compose up --no-start db
    mkdir -p fresh/qdrant/storage && docker cp fresh/. shop-db-1:/
    zstd -dc volumes/db_qdrant_storage.tar.zst | docker cp - shop-db-1:/qdrant/storage

A volume that Compose made carries labels; "volume" in manifest.json lists them with the driver's options. Without the
labels Compose uses the volume too, and warns that it was not created by Compose.
`
