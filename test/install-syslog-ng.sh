#!/usr/bin/env bash
# Fetches syslog-ng into a folder of the tests' own: installed, it would replace rsyslog.
set -euo pipefail
. /etc/os-release

folder=${XDG_CACHE_HOME:-$HOME/.cache}/loggerbot-test/syslog-ng
[ -x "$folder/usr/sbin/syslog-ng" ] || bash "$(dirname "$0")/unpack-packages.sh" "$folder" "$VERSION_CODENAME" syslog-ng-core syslog-ng-mod-http
