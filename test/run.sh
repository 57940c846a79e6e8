#!/usr/bin/env bash
# All checks, from a fresh Debian machine with Node on: installs MariaDB, rsyslog, a compiler and the packages
# where they are missing, lints, type-checks, builds and tests. Ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin"

has () { command -v "$1" > /dev/null; }

missing=()
[ -n "${LOGGER_TEST_MYSQL_URL:-}" ] || has mariadbd || has mysqld || missing+=(mariadb-server-core mariadb-client-core)
# For the native SQLite module, which is compiled where no ready one can be had.
for tool in python3 make g++; do has "$tool" || missing+=("$tool"); done
# For the power cuts, on a disk of their own.
has mkfs.ext4 || missing+=(e2fsprogs)
# For syslog, sent by those who really do.
has logger || missing+=(bsdutils)
has rsyslogd || missing+=(rsyslog)
[ -n "$(find /usr/lib /usr/lib64 -name lmnsd_ossl.so 2> /dev/null | head -n 1)" ] || missing+=(rsyslog-openssl)
[ -n "$(find /usr/lib /usr/lib64 -name omelasticsearch.so 2> /dev/null | head -n 1)" ] || missing+=(rsyslog-elasticsearch)
# A client whose logs the server takes.
# Clients whose logs the server takes.
has curl || missing+=(curl)
[ -x /lib/systemd/systemd-journal-upload ] || missing+=(systemd-journal-remote)
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

npm ci
npm ci --prefix test/clients
npm run lint
npm run typecheck
npm run build

report=$(mktemp)
trap 'rm -f "$report"' EXIT
failed=0
npx tap --reporter=terse test/*.test.ts test/clients/*.test.ts test/chaos/*.test.ts 2>&1 | tee "$report" || failed=$?

# tap's own last count: # { total: 12, pass: 11, fail: 1 }
counts=$(grep -E '^# \{ total:' "$report" | tail -n 1)
count () { grep -oE "$1: [0-9]+" <<< "$counts" | grep -oE '[0-9]+' || echo 0; }
echo "$(count pass) passed, $(count fail) failed"
exit "$failed"
