set -e
printf '{"streams":[{"stream":{"app":"shop","level":"warn","host":"h"},"values":[["1700000000123456789","Привет 🙂 \\"quoted\\"",{"trace_id":"abc"}],["1700000000123457000","second"]]}]}' |
  gzip | curl --fail --silent --show-error -H "Authorization: Bearer $LOGS_TOKEN" -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary @- "$LOGS_URL/loki/api/v1/push"
