#!/usr/bin/env node
'use strict'
require('../dist/safe-compose.cjs')
