#!/bin/sh
# Deploys a release: ./deploy.sh RELEASE
# Runs in CI, so nobody is asked anything. Without a good backup of the data nothing is deployed.
set -eu

release=${1:?usage: ./deploy.sh RELEASE}

# A backup with a tag stays until somebody removes it. The first deployment has nothing to back up yet.
if [ -n "$(safe-compose ps --all --quiet)" ]; then
  safe-compose backup --tag "before-$release"
fi

safe-compose up -d --remove-orphans

# The release's own steps, such as migrations, come here.
if [ -x ./release-steps.sh ]; then
  ./release-steps.sh "$release"
fi

echo "deployed $release"
