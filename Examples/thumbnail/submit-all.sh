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

submitted=0
for file in images/*.png; do
    curl -fsS -o /dev/null -X POST "$URL/tasks" -H 'Content-Type: application/json' \
        -d "{\"type\":\"thumbnail\",\"payload\":{\"file\":\"$file\",\"width\":64}}"
    submitted=$((submitted + 1))
done
echo "Submitted $submitted tasks."

# The counts of the type `thumbnail`: waiting, running, done, failed.
counts() {
    curl -fsS "$URL/stats" | python3 -c '
import json, sys
kind = next((t for t in json.load(sys.stdin)["types"] if t["type"] == "thumbnail"), {})
print(*(kind.get(s, 0) for s in ("pending", "processing", "success", "failed")))'
}

while read -r pending processing success failed < <(counts); do
    printf '\r%5d waiting  %d running  %d done  %d failed ' "$pending" "$processing" "$success" "$failed"
    [ $((pending + processing)) -gt 0 ] || break
    sleep 0.5
done
echo
[ "$failed" -eq 0 ]
