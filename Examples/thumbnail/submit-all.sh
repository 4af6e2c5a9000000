#!/usr/bin/env bash
# Submits one task for each picture and watches until every one has its thumbnail.
#
# usage: submit-all.sh [COUNT]    COUNT pictures are made first if there are none; 200 without it
# XQUEUE_URL says where the server is, if not on http://127.0.0.1:8080.
set -euo pipefail
cd "$(dirname "$0")"

readonly URL="${XQUEUE_URL:-http://127.0.0.1:8080}/api/v1"
readonly COUNT="${1:-200}"

if [ ! -e images ]; then
    echo "Making $COUNT pictures in images/ …"
    python3 png.py make "$COUNT" images
fi

# What the server says of the type `thumbnail`: waiting, running, done, not done; nothing if no program
# serves it.
counts() {
    local stats
    stats="$(curl -fsS "$URL/stats")" || return 1
    python3 -c '
import json, sys
kind = next((t for t in json.load(sys.stdin)["types"] if t["type"] == "thumbnail"), {})
if kind.get("has_handler"):
    failed = sum(kind[status] for status in ("failed", "timeout", "canceled"))
    print(kind["pending"], kind["processing"], kind["success"], failed)' <<<"$stats"
}

read -r _ _ _ failed_before < <(counts) || {
    echo "The server at $URL does not serve the type thumbnail: start it in this folder." >&2
    exit 1
}

submitted=0
for file in images/*.png; do
    curl -fsS -o /dev/null -X POST "$URL/tasks" -H 'Content-Type: application/json' \
        -d "{\"type\":\"thumbnail\",\"payload\":{\"file\":\"$file\",\"width\":64}}"
    submitted=$((submitted + 1))
done
echo "Submitted $submitted tasks."

while read -r pending processing success failed < <(counts); do
    printf '\r%5d waiting  %d running  %d done  %d failed ' "$pending" "$processing" "$success" "$failed"
    [ $((pending + processing)) -gt 0 ] || break
    sleep 0.5
done
echo
[ "$failed" -eq "$failed_before" ]
