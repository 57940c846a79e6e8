#!/usr/bin/env bash
# All checks, on a fresh Debian machine with Node: installs MariaDB, Galera, MySQL, rsyslog, chromium, a compiler and the packages if
# they are missing, then builds, lints, type-checks, looks for unused code, and tests. Prints the slowest tests and the
# failures, and ends with `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin"

has () { command -v "$1" > /dev/null; }

missing=()
[ -n "${LOGGER_TEST_MYSQL_URL:-}" ] || has mariadbd || missing+=(mariadb-server-core mariadb-client-core)
# A cluster of MariaDB.
[ -e /usr/lib/galera/libgalera_smm.so ] || missing+=(galera-4)
has mariadb-backup || missing+=(mariadb-backup)
# The native SQLite module is compiled if no ready build can be had.
for tool in python3 make g++ ccache; do has "$tool" || missing+=("$tool"); done
# Networks of nodes are cut by it.
has ip || missing+=(iproute2)
# The power cuts need a file system of their own.
has mkfs.ext4 || missing+=(e2fsprogs)
# The browser of the page's tests.
has "${LOGGER_TEST_CHROMIUM:-/usr/bin/chromium}" || missing+=(chromium)
# Real clients.
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
# syslog-ng, beside rsyslog.
bash test/install-syslog-ng.sh || echo 'NOT TESTED WITH SYSLOG-NG: it could not be fetched'

work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Runs the commands concurrently, then prints the output of each; fails if one fails.
concurrently () {
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
# Compiling the native SQLite module takes one core for nearly two minutes; ccache keeps the result.
concurrently 'CC="ccache gcc" CXX="ccache g++" npm rebuild && npm ci --prefix test/clients && npx tap build' 'npm run build && npm run lint && npm run typecheck && npm run knip'

node --import=tsx test/helpers/run-files.ts test/{chaos,clients,helpers,page,plugins,program,routes,src,web}
