#!/bin/sh
# Lints the project here. `pin --check` needs Compose and no engine; `lint` needs neither.
set -u
format=text
[ "${GITHUB_ACTIONS:-}" = true ] && format=github
end=0
safe-compose lint --format "$format" || end=1
safe-compose pin --check || end=1
exit $end
