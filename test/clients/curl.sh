set -e
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
send () { curl -sS --fail -H "Authorization: Bearer $LOGS_TOKEN" "$@" "$LOGS_URL/api/logs"; }

send -d '{"msg":"by -d","n":1}'
printf '{"msg":"of a file"}\n{"msg":"second line"}\n' > "$folder/logs"
send --data-binary "@$folder/logs"
gzip -c "$folder/logs" | send -H 'Content-Encoding: gzip' --data-binary @-
printf '{"msg":"chunked"}\n' | send -X POST -T -
