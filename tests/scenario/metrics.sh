#!/bin/sh
# SPDX-License-Identifier: ISC
# readyz and metrics.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
issue a.internal
req -X POST -d reason=superseded "$API/v1/certificates/$serial/revoke"
csr b.internal
req --data-binary @"$T/b.internal.csr" "$API/v1/certificates?profile=nope"
BEARER=''
want 200 - 'readyz needs no credential' "$API/readyz"
want 401 token-missing 'metrics does' "$API/metrics"
BEARER=$(token '"metrics"')
want 200 - 'the role metrics is enough' "$API/metrics"
like 'as Prometheus text' "$T/head" '^[Cc]ontent-[Tt]ype: text/plain; *version=0\.0\.4'
for m in 'pocketca_ready 1' \
    'pocketca_issued_total\{.*profile="server".*\} 1' \
    'pocketca_issued_total\{.*protocol="http".*\} 1' \
    'pocketca_refused_total\{code="unknown-profile"\} 1' \
    'pocketca_revoked_total\{reason="superseded"\} 1' \
    'pocketca_request_seconds_bucket\{.*le="\+Inf".*\} [0-9]' \
    'pocketca_request_seconds_sum\{.*route=.*\} ' \
    'pocketca_commit_seconds' 'pocketca_batch_size' 'pocketca_queue_length' \
    'pocketca_certificates\{status="revoked"\} 1' \
    'pocketca_certificates\{status="valid"\} ' \
    'pocketca_expiring_certificates\{within="1d"\} ' \
    'pocketca_expiring_certificates\{within="30d"\} ' \
    'pocketca_crl_next_update_seconds\{authority="issuing"\} ' \
    'pocketca_crl_age_seconds\{authority="issuing"\} [0-9]' \
    'pocketca_crl_failing\{authority="issuing"\} 0$' \
    'pocketca_crl_lost\{authority="issuing"\} 0$' \
    'pocketca_crl_unread\{authority="issuing"\} 0$' \
    'pocketca_crl_partitions\{authority="issuing"\} 0$' \
    'pocketca_authority_not_after_seconds\{authority="root"\} ' \
    'pocketca_ledger_bytes [1-9]' 'pocketca_wal_bytes [0-9]'; do
    like "$m" "$T/body" "^$m"
done
unlike 'what is made elsewhere has dates alone' "$T/body" \
    '^pocketca_crl_(failing|lost|unread|partitions)\{authority="root"\}'
unlike 'without partitions none ends' "$T/body" '^pocketca_crl_partition_'
unlike 'no names' "$T/body" 'a\.internal'
unlike 'no secrets' "$T/body" 'pca_'
cp "$T/body" "$T/metrics"
want 403 role-missing 'metrics may not read' "$API/v1/certificates"

# readyz says why not
BEARER=$ADMIN
stop
mv "$CA/crl/issuing.crl" "$T/" 2>/dev/null
serve
eventually 100 'a lost CRL file is made again' curl -sSf -o /dev/null \
    --cacert "$CA/root.pem" "$API/readyz"
want 200 - 'and served' "$PUBLIC/crl/issuing.crl"
finish
