#!/usr/bin/env bash
# Fetches the newest MySQL that Debian has into a folder of the tests' own. Debian's stable suites have MariaDB only; the
# unstable one has MySQL.
set -euo pipefail

folder=${LOGGER_TEST_MYSQL_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/loggerbot-test/mysql}
[ -x "$folder/usr/sbin/mysqld" ] || bash "$(dirname "$0")/unpack-packages.sh" "$folder" unstable mysql-server-core
