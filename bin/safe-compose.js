#!/bin/sh
':' /*
# A shell runs these lines down to the last, exec; to Node they are a comment.
# Started by its name alone, Node would take Compose's --env-file for its own. And a shell changes a few
# variables when it starts: as they were before, Compose shall get them (see src/core/before-shell.ts).
if [ -r "/proc/$$/environ" ]; then
  SAFE_COMPOSE_BEFORE_SHELL=$({
    { LC_ALL=C tr '\000\n' '\n\001' <"/proc/$$/environ" && echo .; } |
      LC_ALL=C grep -E '^((PWD|OLDPWD|SHLVL|_)=|\.$)'
  } 2>/dev/null)
  if [ -n "$SAFE_COMPOSE_BEFORE_SHELL" ]; then export SAFE_COMPOSE_BEFORE_SHELL; else unset SAFE_COMPOSE_BEFORE_SHELL; fi
fi
exec node -- "$0" "$@"
*/
'use strict'
require('../dist/safe-compose.cjs')
