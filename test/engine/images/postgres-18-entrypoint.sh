#!/usr/bin/env bash
# What the official image does from 18 on before the rest: where PGDATA holds no cluster, and an older layout or
# version left one nearby, it refuses to start instead of making a new one beside it.
set -Eeo pipefail

old_databases() {
  local folder
  for folder in /var/lib/postgresql /var/lib/postgresql/data /var/lib/postgresql/*/docker; do
    if [ -s "$folder/PG_VERSION" ]; then printf '%s\n' "$folder"; fi
  done
}

# mounted PATH: whether something is mounted exactly there.
mounted() {
  awk -v path="$1" '$5 == path { found = 1 } END { exit !found }' /proc/self/mountinfo
}

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ] && [ "$PGDATA" = "/var/lib/postgresql/$PG_MAJOR/docker" ]; then
  old="$(old_databases)"
  if [ -z "$old" ] && mounted /var/lib/postgresql/data; then
    old='/var/lib/postgresql/data (unused mount/volume)'
  fi
  if [ -n "$old" ]; then
    cat >&2 <<TEXT
Error: in 18+, these Docker images are configured to store database data in a
       format which is compatible with "pg_ctlcluster" (specifically, using
       major-version-specific directory names). Counter to that, there appears
       to be PostgreSQL data in:
         $old
TEXT
    exit 1
  fi
fi

exec docker-entrypoint.sh "$@"
