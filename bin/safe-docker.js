#!/bin/sh
':' /*
# A shell runs these lines down to the last, exec; to Node they are a comment.
# Started by its name alone, Node would take options of docker's for its own. And a shell changes a few
# variables when it starts: as they were before, docker shall get them (see src/core/before-shell.ts).
if [ -r "/proc/$$/environ" ]; then
  SAFE_COMPOSE_BEFORE_SHELL=$(tr '\000\n' '\n\001' <"/proc/$$/environ" | grep -E '^(PWD|OLDPWD|SHLVL|_)=')
  export SAFE_COMPOSE_BEFORE_SHELL
fi
exec node -- "$0" "$@"
*/
'use strict'
require('../dist/safe-docker.cjs')
