#!/usr/bin/env bash
# The contract of the official mysql image, as far as tests need it: the system tables are made only where the data
# directory has none, with MYSQL_ROOT_PASSWORD (or MYSQL_ALLOW_EMPTY_PASSWORD), MYSQL_ROOT_HOST, MYSQL_DATABASE,
# MYSQL_USER, MYSQL_PASSWORD (each also as …_FILE); the server runs as mysql.
set -eo pipefail

DATADIR=/var/lib/mysql
SOCKET=/var/run/mysqld/mysqld.sock

fail() {
  printf '%s [ERROR] [Entrypoint]: %s\n' "$(date --iso-8601=seconds)" "$*" >&2
  exit 1
}

file_env() {
  local name="MYSQL_$1" file="MYSQL_$1_FILE"
  if [ "${!file-}" ]; then export "$name"="$(<"${!file}")"; fi
  unset "$file"
}

quoted() {
  local text="${1//\\/\\\\}"
  printf "'%s'" "${text//\'/\\\'}"
}

run_sql() { mysql --no-defaults --protocol=socket -uroot --socket="$SOCKET" --comments "$@"; }

root_sql() {
  local password host="${MYSQL_ROOT_HOST-%}"
  password="$(quoted "$MYSQL_ROOT_PASSWORD")"
  if [ "$host" ] && [ "$host" != localhost ]; then
    echo "CREATE USER 'root'@$(quoted "$host") IDENTIFIED BY $password;"
    echo "GRANT ALL ON *.* TO 'root'@$(quoted "$host") WITH GRANT OPTION;"
  fi
  if [ "$MYSQL_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;"; fi
  if [ "$MYSQL_USER" ] && [ "$MYSQL_PASSWORD" ]; then
    echo "CREATE USER $(quoted "$MYSQL_USER")@'%' IDENTIFIED BY $(quoted "$MYSQL_PASSWORD");"
    if [ "$MYSQL_DATABASE" ]; then echo "GRANT ALL ON \`$MYSQL_DATABASE\`.* TO $(quoted "$MYSQL_USER")@'%';"; fi
  fi
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $password;"
}

initialise() {
  if [ -z "$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD" ]; then
    fail 'Database is uninitialized and password option is not specified'
  fi
  "$@" --datadir="$DATADIR" --initialize-insecure
  "$@" --datadir="$DATADIR" --skip-networking --mysqlx=OFF --socket="$SOCKET" &
  local server=$! tries=0
  until run_sql <<<'SELECT 1' >/dev/null 2>&1; do
    kill -0 "$server" || fail 'Unable to start server.'
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ]; then fail 'The server does not answer.'; fi
    sleep 0.1
  done
  root_sql | run_sql mysql
  kill -TERM "$server"
  wait "$server" || fail 'Unable to shut down server.'
}

main() {
  if [ "${1:0:1}" = '-' ]; then set -- mysqld "$@"; fi
  if [ "$1" != mysqld ]; then exec "$@"; fi
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$DATADIR" /var/run/mysqld
    find "$DATADIR" /var/run/mysqld \! -user mysql -exec chown mysql: '{}' +
    exec gosu mysql "$0" "$@"
  fi
  for name in ROOT_PASSWORD ROOT_HOST ALLOW_EMPTY_PASSWORD DATABASE USER PASSWORD; do file_env "$name"; done
  if [ ! -d "$DATADIR/mysql" ]; then initialise "$@"; fi
  exec "$@" --datadir="$DATADIR" --socket="$SOCKET"
}

main "$@"
