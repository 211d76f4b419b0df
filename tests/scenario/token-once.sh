#!/bin/sh
# SPDX-License-Identifier: ISC
# A token with one use and many clients at once: exactly one certificate.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
once=$(token '"issue"' '"uses":1')
i=0
csr c.internal
while [ $i -lt 64 ]; do
    (curl -sS --max-time 20 -o "$T/one.$i" -w '%{http_code}\n' \
        --cacert "$CA/root.pem" --oauth2-bearer "$once" \
        --data-binary @"$T/c.internal.csr" "$API/v1/certificates" \
        >"$T/status.$i" 2>&1) &
    i=$((i + 1))
    pids="${pids:-} $!"
done
# shellcheck disable=SC2086
wait $pids
is 'one was issued' "$(cat "$T"/status.* | grep -c 201)" 1
is 'the others were told why' "$(cat "$T"/status.* | grep -c 401)" 63
req "$API/v1/certificates?name=c.internal"
json 'the ledger has one' '.certificates | length == 1'
ok 'the audit agrees' "$POCKETCA" audit -c "$CA/pocketca.conf"
finish
