#!/usr/bin/env bash
# All checks, from a fresh Debian machine with Node on: installs MariaDB, MySQL, rsyslog, a compiler and the packages
# where they are missing, builds, lints, type-checks and tests. Prints the slowest tests and the failures, and ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin"

has () { command -v "$1" > /dev/null; }

missing=()
[ -n "${LOGGER_TEST_MYSQL_URL:-}" ] || has mariadbd || missing+=(mariadb-server-core mariadb-client-core)
# For the native SQLite module, which is compiled where no ready one can be had.
for tool in python3 make g++ ccache; do has "$tool" || missing+=("$tool"); done
# For the power cuts, on a disk of their own.
has mkfs.ext4 || missing+=(e2fsprogs)
# Real clients that the server is tested with.
has curl || missing+=(curl)
has logger || missing+=(bsdutils)
has rsyslogd || missing+=(rsyslog)
[ -n "$(find /usr/lib /usr/lib64 -name lmnsd_ossl.so 2> /dev/null | head -n 1)" ] || missing+=(rsyslog-openssl)
[ -n "$(find /usr/lib /usr/lib64 -name omelasticsearch.so 2> /dev/null | head -n 1)" ] || missing+=(rsyslog-elasticsearch)
[ -x /lib/systemd/systemd-journal-upload ] || missing+=(systemd-journal-remote)
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# A real MySQL, beside MariaDB.
bash test/install-mysql.sh || echo 'NOT TESTED ON MYSQL: it could not be fetched'
# The rival of rsyslog, beside it.
bash test/install-syslog-ng.sh || echo 'NOT TESTED WITH SYSLOG-NG: it could not be fetched'

work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Runs each command beside the others, and prints what each said once all have ended; fails if one does.
beside () {
  local command failed=0 pids=()
  for command in "$@"; do
    (eval "$command") > "$work/${#pids[@]}" 2>&1 &
    pids+=($!)
  done
  for i in "${!pids[@]}"; do
    wait "${pids[$i]}" || failed=1
    echo "> ${*:i+1:1}"
    cat "$work/$i"
  done
  return "$failed"
}

npm ci --ignore-scripts
# The native SQLite module, where it is compiled, takes one core for nearly two minutes: ccache keeps what came of it.
beside 'CC="ccache gcc" CXX="ccache g++" npm rebuild && npm ci --prefix test/clients && npx tap build' 'npm run build && npm run lint && npm run typecheck'

failed=0
npx tap --reporter=terse --output-file="$work/report" test/chaos/*.test.ts test/clients/*.test.ts test/{helpers,plugins,program,routes,src} || failed=$?

node --import=tsx test/helpers/report.ts "$work/report"
# tap's own count, its last (the report may hold any byte, so -a): # { total: 12, pass: 11, fail: 1 }
counts=$(grep -aE '^# \{ total:' "$work/report" | tail -n 1)
count () { grep -oE "$1: [0-9]+" <<< "$counts" | grep -oE '[0-9]+' || echo 0; }
echo "$(count pass) passed, $(count fail) failed"
exit "$failed"
