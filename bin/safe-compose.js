#!/bin/sh
':' //; exec node -- "$0" "$@" # Without the two dashes Node takes Compose's --env-file for its own.
'use strict'
require('../dist/safe-compose.cjs')
