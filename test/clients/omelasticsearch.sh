#!/usr/bin/env bash
# rsyslog's omelasticsearch, in an rsyslogd of our own: three messages, and its end once they were sent.
set -euo pipefail
PATH="$PATH:/usr/sbin"
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$folder"' EXIT

cat > "$folder/rsyslog.conf" <<END
global(workDirectory="$folder")
module(load="imuxsock" SysSock.Use="off")
module(load="omelasticsearch")
input(type="imuxsock" Socket="$folder/log")

template(name="document" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="log.level" name="syslogseverity-text" format="jsonf")
  property(outname="log.syslog.facility.name" name="syslogfacility-text" format="jsonf")
  property(outname="process.name" name="programname" format="jsonf")
  property(outname="process.pid" name="procid" format="jsonf")
  property(outname="message" name="msg" position.from="2" format="jsonf")
}
action(
  type="omelasticsearch" server="$LOGS_URL" serverport="${LOGS_URL##*:}" uid="alice" pwd="$LOGS_TOKEN"
  searchIndex="syslog" searchType="" bulkmode="on" template="document" errorfile="$folder/errors"
)
action(type="omfile" file="$folder/sent")
END

rsyslogd -n -f "$folder/rsyslog.conf" -i "$folder/pid" &
until [ -S "$folder/log" ]; do sleep 0.05; done
log () { logger --socket "$folder/log" --tag shop --id=12 "$@"; }
log --priority local0.info 'order paid'
log --priority local0.warning 'Привет 🙂 "quoted"'
log --priority local0.err 'failed'

# What stands here went to Elasticsearch's action before.
timeout 20 grep -m 1 -q failed <(tail -n +1 -F "$folder/sent" 2> /dev/null)
if [ -s "$folder/errors" ]; then cat "$folder/errors" >&2; exit 1; fi
