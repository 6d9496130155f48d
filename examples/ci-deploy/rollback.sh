#!/bin/sh
# Takes back what a deployment did to the data: ./rollback.sh
# What it deleted comes back with `undo`. Where it deleted nothing but changed rows, go back to the tagged backup:
#     safe-compose backups
#     safe-compose restore ID
set -eu

safe-compose undo
