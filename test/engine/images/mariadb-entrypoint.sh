#!/usr/bin/env bash
# The contract of the official mariadb image: the system tables are made only where the data directory has none, with
# MARIADB_ROOT_PASSWORD (or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD, MARIADB_RANDOM_ROOT_PASSWORD), MARIADB_ROOT_HOST,
# MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD (each also as MYSQL_… and …_FILE), then the files of
# /docker-entrypoint-initdb.d; the server runs as mysql.
set -eo pipefail

note() { printf '%s [Note] [Entrypoint]: %s\n' "$(date --iso-8601=seconds)" "$*"; }

fail() {
  printf '%s [ERROR] [Entrypoint]: %s\n' "$(date --iso-8601=seconds)" "$*" >&2
  exit 1
}

# file_env NAME [DEFAULT]: the value of MARIADB_NAME, MYSQL_NAME, or of the file named by either with _FILE.
file_env() {
  local value="${2-}" prefix name file
  for prefix in MYSQL MARIADB; do
    name="${prefix}_$1" file="${prefix}_$1_FILE"
    if [ "${!name-}" ] && [ "${!file-}" ]; then fail "Both $name and $file are set (but are exclusive)"; fi
    if [ "${!file-}" ]; then value="$(<"${!file}")"; fi
    if [ "${!name-}" ]; then value="${!name}"; fi
    unset "$file"
  done
  export "MARIADB_$1"="$value"
}

# The value that the server itself takes for an option, with the arguments it is started with.
server_value() {
  "${@:2}" --verbose --help 2>/dev/null | awk -v name="$1" '$1 == name { print $2; exit }'
}

quoted() {
  local text="${1//\\/\\\\}"
  printf "'%s'" "${text//\'/\\\'}"
}

run_sql() { mariadb --no-defaults --protocol=socket -uroot -hlocalhost --socket="$SOCKET" --comments "$@"; }

root_sql() {
  local host="${MARIADB_ROOT_HOST-%}" password
  password="$(quoted "$MARIADB_ROOT_PASSWORD")"
  echo "SET @@SESSION.SQL_LOG_BIN=0;"
  echo "DROP USER IF EXISTS ''@localhost, 'root'@'127.0.0.1', 'root'@'::1';"
  if [ "$host" ] && [ "$host" != localhost ]; then
    echo "CREATE USER IF NOT EXISTS 'root'@$(quoted "$host") IDENTIFIED BY $password;"
    echo "GRANT ALL ON *.* TO 'root'@$(quoted "$host") WITH GRANT OPTION;"
  fi
  if [ "$MARIADB_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"; fi
  if [ "$MARIADB_USER" ] && [ "$MARIADB_PASSWORD" ]; then
    echo "CREATE USER $(quoted "$MARIADB_USER")@'%' IDENTIFIED BY $(quoted "$MARIADB_PASSWORD");"
    if [ "$MARIADB_DATABASE" ]; then
      echo "GRANT ALL ON \`${MARIADB_DATABASE//_/\\_}\`.* TO $(quoted "$MARIADB_USER")@'%';"
    fi
  fi
  echo "SET PASSWORD FOR 'root'@'localhost' = PASSWORD($password);"
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) run_sql ${MARIADB_DATABASE:+--database="$MARIADB_DATABASE"} <"$file" ;;
      *.sql.gz) gunzip -c "$file" | run_sql ${MARIADB_DATABASE:+--database="$MARIADB_DATABASE"} ;;
    esac
  done
}

initialise() {
  if [ -z "$MARIADB_ROOT_PASSWORD$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
    fail 'Database is uninitialized and password option is not specified
	You need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD'
  fi
  if [ "$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
    MARIADB_ROOT_PASSWORD="$(head -c 24 /dev/urandom | base64)"
    note "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
  fi
  note 'Initializing database files'
  mariadb-install-db --datadir="$DATADIR" --auth-root-authentication-method=normal --skip-test-db \
    --cross-bootstrap --loose-innodb_log_write_ahead_size=4096 >/dev/null
  note 'Database files initialized'

  SOCKET=/run/mysqld/mysqld-init.sock
  "$@" --skip-networking --socket="$SOCKET" --skip-slave-start --loose-innodb_buffer_pool_load_at_startup=0 &
  local server=$! tries=0
  until run_sql --database=mysql <<<'SELECT 1' >/dev/null 2>&1; do
    kill -0 "$server" || fail 'Unable to start server.'
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ]; then fail 'The server does not answer.'; fi
    sleep 0.1
  done
  mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2>/dev/null | run_sql --database=mysql || :
  root_sql | run_sql --database=mysql
  export MYSQL_PWD="$MARIADB_ROOT_PASSWORD"
  run_init_files
  unset MYSQL_PWD
  kill -TERM "$server"
  wait "$server" || fail 'Unable to shut down server.'
  note 'MariaDB init process done. Ready for start up.'
}

main() {
  if [ "${1:0:1}" = '-' ]; then set -- mariadbd "$@"; fi
  case " $* " in *' --help '* | *' --version '* | *' -V '* | *' -? '* | *' --print-defaults '*) exec "$@" ;; esac
  if [ "$1" != mariadbd ] && [ "$1" != mysqld ]; then exec "$@"; fi

  if [ "$(id -u)" = 0 ]; then
    DATADIR="$(server_value datadir "$@" --user=mysql)"
    mkdir -p "$DATADIR" /run/mysqld
    find "$DATADIR" /run/mysqld \! -user mysql -exec chown mysql: '{}' +
    exec gosu mysql "$0" "$@"
  fi

  DATADIR="$(server_value datadir "$@")"
  file_env ROOT_PASSWORD
  file_env ROOT_HOST %
  file_env ALLOW_EMPTY_ROOT_PASSWORD
  file_env RANDOM_ROOT_PASSWORD
  file_env DATABASE
  file_env USER
  file_env PASSWORD
  if [ ! -d "$DATADIR/mysql" ]; then initialise "$@"; fi
  exec "$@"
}

main "$@"
