#!/usr/bin/env bash
# Fetches the newest MySQL that Debian has, with the libraries that it was built with, and unpacks it into a folder of the
# tests' own: nothing is installed. Debian's stable suites have MariaDB only; the unstable one has MySQL.
set -euo pipefail

folder=${LOGGER_TEST_MYSQL_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/loggerbot-test/mysql}
[ ! -x "$folder/usr/sbin/mysqld" ] || exit 0

work=$(mktemp -d)
fresh=$folder.$$
trap 'rm -rf "$work" "$fresh"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$fresh"
touch "$work/status"

mirror=$(apt-get indextargets --format '$(SITE)' | grep -m 1 '/debian/\?$')
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $mirror unstable main" > "$work/sources.list"
# Its own lists, and a system on which nothing is installed yet: every library comes along.
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work/cache" -o "Dir::State::status=$work/status" -o APT::Install-Recommends=false -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" -y --download-only install mysql-server-core > "$work/log" || { cat "$work/log"; exit 1; }

for package in "$work"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar x --keep-directory-symlink --no-same-owner -C "$fresh"
done
rm -rf "$folder"
mv "$fresh" "$folder"
