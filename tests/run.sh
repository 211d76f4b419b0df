#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh LOGDIR SCRIPT…: runs each script, one after the other, keeps what it
# said in LOGDIR/NAME.log and its verdict in LOGDIR/NAME.trs, and ends with 1
# when one failed or there was none.  Used by `make interop`.
set -u
logs=$1
shift
mkdir -p "$logs"
rm -f "$logs"/*.trs
passed=0 failed=0
for script; do
    case $script in /*) ;; *) script=$SOURCE/$script ;; esac
    name=$(basename "$script" .sh)
    start=$(date +%s)
    if timeout -k 5 600 sh "$script" >"$logs/$name.log" 2>&1 </dev/null; then
        verdict=PASS passed=$((passed + 1))
    else
        verdict=FAIL failed=$((failed + 1))
    fi
    # a script that counts (ok 1 - …) is counted point by point
    if [ $verdict = PASS ] && grep -q '^ok [0-9]' "$logs/$name.log"; then
        grep '^ok [0-9]' "$logs/$name.log" |
            sed 's/.*/:test-result: PASS &/' >"$logs/$name.trs"
    else
        echo ":test-result: $verdict $name" >"$logs/$name.trs"
    fi
    echo "$verdict: $name ($(($(date +%s) - start)) s)"
    [ $verdict = PASS ] || sed 's/^/    /' "$logs/$name.log"
done
echo "interop: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
