#!/bin/sh
# Deploys a revision of this checkout, on the machine that it runs on: ./deploy.sh REVISION
# Nobody is asked anything. If anything fails after the backup, data and files go back to where they were.
set -eu

main() {
  revision=$(git rev-parse --verify "${1:?usage: ./deploy.sh REVISION}^{commit}")
  previous=$(git rev-parse HEAD)
  # From here on backups carry this mark. One that is marked stays until somebody removes it.
  export SAFE_COMPOSE_TAG="before-$revision"
  export SAFE_COMPOSE_CONFIG=safe-compose.yaml

  # Not without a backup that is young and one that is known to boot, and not on top of old trouble.
  safe-compose backups --gate 24h --verified 30d
  safe-compose health
  safe-compose backup

  if deploy; then
    echo "deployed $revision"
    exit 0
  fi
  echo "deploying $revision failed: going back to $previous" >&2
  roll_back
  exit 1
}

deploy() {
  git checkout --quiet --detach "$revision" &&
    safe-compose up -d --remove-orphans --wait &&
    { [ ! -x migrate.sh ] || ./migrate.sh; } &&
    safe-compose health
}

# Nothing of the new revision may run on the old data, so all of it goes first. Its own files may be what is wrong.
roll_back() {
  git checkout --quiet --detach "$previous"
  safe-compose down --remove-orphans
  safe-compose restore --tag "$SAFE_COMPOSE_TAG"
  safe-compose up -d --remove-orphans --wait
  safe-compose health
}

# Called at the end, so that the shell has read all of this file before the checkout changes it.
main "$@"
