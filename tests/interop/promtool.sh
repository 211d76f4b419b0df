#!/bin/sh
# SPDX-License-Identifier: ISC
# promtool judges /metrics and the alert rules; every alert fires in a test.
. "$(dirname "$0")/lib.sh"
need promtool
partition_size=100
ca_start

# Something of everything, so that no series is missing.
certify good rsa server good.internal
certify revoked p256 client revoked.internal
revoke revoked
curl -sS -K "$curlrc" -d 'no CSR' -o "$work/refusal.json" \
    "$API/v1/certificates"
scraper=$(token '"metrics"')
# Twice: that a token was used is recorded at its first use, and may stand in
# the queue while that is answered.
for i in 1 2; do
    curl -fsS --cacert "$root" --oauth2-bearer "$scraper" \
        -o "$work/metrics.txt" "$API/metrics" || bail "no /metrics"
    wait_for 2 curl -fsS --cacert "$root" "$API/readyz" # behind it in the queue
done

promtool check metrics <"$work/metrics.txt" >"$work/metrics.log" 2>&1 ||
    bail "promtool refuses the metrics"
[ ! -s "$work/metrics.log" ] || bail "promtool has something to say"
proved "promtool check metrics has nothing to say"

while read -r series; do
    grep -q "^$series" "$work/metrics.txt" || bail "/metrics has no $series"
done <<'END'
pocketca_ready 1$
pocketca_issued_total{.*profile="server".*} 1$
pocketca_issued_total{.*profile="client".*} 1$
pocketca_refused_total{code="bad-csr"} 1$
pocketca_revoked_total{reason="superseded"} 1$
pocketca_request_seconds_bucket{.*le="+Inf"} 
pocketca_commit_seconds
pocketca_batch_size
pocketca_queue_length 0$
pocketca_certificates{status="valid"} [1-9]
pocketca_certificates{status="revoked"} 1$
pocketca_certificates{status="expired"} 0$
pocketca_expiring_certificates{within="1d"} 0$
pocketca_expiring_certificates{within="7d"} 0$
pocketca_expiring_certificates{within="14d"} 1$
pocketca_expiring_certificates{within="30d"} 
pocketca_responder_not_after_seconds{authority="issuing"} [1-9]
pocketca_responder_age_seconds{authority="issuing"} [1-9]
pocketca_crl_next_update_seconds{authority="issuing"} [1-9]
pocketca_crl_next_update_seconds{authority="root"} [1-9]
pocketca_crl_age_seconds{authority="issuing"} [1-9]
pocketca_crl_partitions{authority="issuing"} [1-9]
pocketca_crl_partition_next_update_seconds{authority="issuing"} [1-9]
pocketca_crl_partition_age_seconds{authority="issuing"} [1-9]
pocketca_crl_failing{authority="issuing"} 0$
pocketca_crl_lost{authority="issuing"} 0$
pocketca_crl_unread{authority="issuing"} 0$
pocketca_authority_not_after_seconds{authority="issuing"} [1-9]
pocketca_authority_not_after_seconds{authority="root"} [1-9]
pocketca_ledger_bytes [1-9]
pocketca_wal_bytes 
END
grep -q 'good\.internal\|revoked\.internal\|pca_' "$work/metrics.txt" &&
    bail "/metrics names somebody"
proved "/metrics has every series, and no names"

rules=$SOURCE/etc/alerts.yml
promtool check rules "$rules" >"$work/rules.log" 2>&1 ||
    bail "promtool refuses the rules"
# Every metric that a rule looks at exists.
for metric in $(grep -v '^ *#' "$rules" | grep -o 'pocketca_[a-z_]*' |
    sort -u); do
    grep -q "^$metric[{ ]" "$work/metrics.txt" ||
        bail "a rule looks at $metric, which /metrics does not have"
done
proved "promtool check rules passes, and every metric in them exists"

cp "$rules" "$SOURCE/tests/interop/alerts_test.yml" "$work/"
promtool test rules "$work/alerts_test.yml" >"$work/test.log" 2>&1 ||
    bail "the alerts do not fire as they should"
for alert in $(sed -n 's/.*- alert: *//p' "$rules"); do
    grep -q "alertname: $alert\$" "$work/alerts_test.yml" ||
        bail "no test lets $alert fire"
done
proved "every alert fires when it should, and not before"
finish
