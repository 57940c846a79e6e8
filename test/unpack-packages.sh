#!/usr/bin/env bash
# Unpacks Debian packages, with every library that they were built with, into a folder of their own: nothing is installed.
#   unpack-packages.sh FOLDER SUITE PACKAGE...
set -euo pipefail
folder=$1 suite=$2
shift 2

work=$(mktemp -d)
fresh=$folder.$$
trap 'rm -rf "$work" "$fresh"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$fresh"
touch "$work/status"

mirror=$(apt-get indextargets --format '$(SITE)' | grep -m 1 '/debian/\?$')
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $mirror $suite main" > "$work/sources.list"
# Its own lists, and a system on which nothing is installed yet: every library comes along.
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::Lists=$work/lists"
  -o "Dir::Cache=$work/cache" -o "Dir::State::status=$work/status" -o APT::Install-Recommends=false -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" -y --download-only install "$@" > "$work/log" || { cat "$work/log"; exit 1; }

for package in "$work"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar x --keep-directory-symlink --no-same-owner -C "$fresh"
done
rm -rf "$folder"
mv "$fresh" "$folder"
