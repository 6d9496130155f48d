#!/bin/sh
# Makes the next version of the files in this folder: the number in package.json, and the words in .github/CHANGELOG.md.
# Without such files nothing changes.
set -eu
cd "$(dirname "$0")/.."
ls .changeset/*.md | grep -qv '/README.md$' || exit 0

# The tool reads and writes the changelog at the top, where it only is while the tool works.
back() { [ ! -e CHANGELOG.md ] || mv CHANGELOG.md .github/CHANGELOG.md; }
trap back EXIT
[ ! -e .github/CHANGELOG.md ] || mv .github/CHANGELOG.md CHANGELOG.md
npx --yes @changesets/cli@2.31.1 version
back
npm install --package-lock-only --ignore-scripts --no-audit --no-fund
