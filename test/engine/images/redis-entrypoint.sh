#!/bin/sh
# The contract of the official redis image: options alone mean redis-server, the server runs as redis, /data is its.
set -e

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi

if [ "$1" = 'redis-server' ] && [ "$(id -u)" = '0' ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec gosu redis "$0" "$@"
fi

if [ "$(umask)" = '0022' ]; then
  umask 0077
fi

# The official server is built without protected mode; Debian's is told.
case "$1 $*" in
  *--protected-mode*) ;;
  'redis-server '*) set -- "$@" --protected-mode no ;;
esac

exec "$@"
