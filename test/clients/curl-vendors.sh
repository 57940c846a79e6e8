# GELF, lines to Splunk's HEC and CLEF to Seq, as a script sends them.
set -euo pipefail
send () { curl --silent --show-error --fail --header "Authorization: Bearer $LOGS_TOKEN" "$@"; }

curl --silent --show-error --fail --user "me:$LOGS_TOKEN" "$LOGS_URL/gelf" --json '{"version":"1.1","host":"h","short_message":"привет","timestamp":1777976542.125,"level":3,"_user":7}' --write-out '%{http_code}\n'

send "$LOGS_URL/services/collector/raw?sourcetype=backup&time=1777976543" --data-binary $'raw line\nanother "line"\n' --write-out '\n'

send "$LOGS_URL/ingest/clef" --header 'Content-Type: application/vnd.serilog.clef' --data-binary @- <<'EOF'
{"@t":"2026-05-05T12:22:24Z","@mt":"Hello, {Name}","@l":"Warning","Name":"Анна"}
{"@t":"2026-05-05T12:22:25Z","@m":"told","Count":3}
EOF
