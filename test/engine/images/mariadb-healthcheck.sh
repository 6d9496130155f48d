#!/bin/sh
# --connect: the server answers a connection over TCP; --innodb_initialized: InnoDB is up. A connection that is
# refused for its password was answered too.
[ $# -gt 0 ] || { echo 'at least one of --connect, --innodb_initialized' >&2; exit 1; }
said="$(mariadb --no-defaults --protocol=tcp -h127.0.0.1 -uhealthcheck -e 'SELECT 1' 2>&1)" && exit 0
case "$said" in *'Access denied'*) exit 0 ;; esac
echo "$said" >&2
exit 1
