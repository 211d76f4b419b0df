#!/bin/sh
# SPDX-License-Identifier: ISC
# nginx serves with our certificates, and asks for them.
. "$(dirname "$0")/lib.sh"
need nginx
partition_size=2 # so that ssl_crl has several lists of one authority
ca_start
cat >>"$CA/pocketca.conf" <<'END'
profile must-staple {
  usage = { "server" }
  names = { "dns:**.internal", "dns:localhost", "ip:127.0.0.1" }
  must-staple = yes
}
END
stop || bail "the service did not end well"
serve
foreign_start
mutual_start

config=$work/nginx.conf

# at PORT CERTIFICATE KEY [MORE]: one server block.
at()
{
    cat >>"$config" <<END
    server {
        listen 127.0.0.1:$1 ssl;
        ssl_certificate $2;
        ssl_certificate_key $3;
        ${4:-}
        location / { return 200 "$secret\n"; }
    }
END
}

cat >"$config" <<END
daemon off;
worker_processes 1;
pid $work/nginx.pid;
error_log $work/nginx-error.log info;
events { }
http {
$(nginx_own)
END
for type in $key_types; do
    certify "web-$type" "$type" server web.internal
    eval "port_$type=\$(free_port)"
    eval "at \$port_$type $work/web-$type.pem $work/web-$type.key"
done
pair_port=$(free_port)
at "$pair_port" "$work/web-p256-pair.pem" "$work/web-p256-pair.pem"
mutual_port=$(free_port)
at "$mutual_port" "$work/web-rsa.pem" "$work/web-rsa.key" \
    "ssl_client_certificate $root; ssl_verify_client on; ssl_verify_depth 2;
        ssl_crl $work/crl.pem;"
# ---- OCSP: about itself, and about its clients
certify stapled p256 must-staple web.internal
staple_port=$(free_port)
at "$staple_port" "$work/stapled.pem" "$work/stapled.key" \
    "ssl_stapling on; ssl_stapling_verify on;
        ssl_trusted_certificate $CA/chain.pem;"
foreign_port=$(free_port)
at "$foreign_port" "$work/stapled.pem" "$work/stapled.key" \
    "ssl_stapling on; ssl_stapling_verify on;
        ssl_trusted_certificate $work/foreign-ca.pem;"
ocsp_port=$(free_port)
at "$ocsp_port" "$work/web-rsa.pem" "$work/web-rsa.key" \
    "ssl_client_certificate $root; ssl_verify_client on; ssl_verify_depth 2;
        ssl_ocsp leaf;"
echo '}' >>"$config"

nginx -t -c "$config" -e "$work/nginx-error.log" >"$work/nginx-test.log" 2>&1 ||
    bail "nginx -t refuses"
server nginx "$mutual_port" nginx -c "$config" -e "$work/nginx-error.log"

for type in $key_types; do
    eval "handshakes \$port_$type 'nginx, $type'"
done
handshakes "$pair_port" "nginx, key and certificate in one file"
mutual "$mutual_port" "nginx, mutual"
grep -q 'client SSL certificate verify error.*revoked' \
    "$work/nginx-error.log" || bail "nginx did not say that one was revoked"
proved "nginx tells the revoked certificate by ssl_crl"
[ "$(grep -c BEGIN "$work/crl.pem")" -ge 4 ] ||
    bail "ssl_crl has no several partitions"
proved "which has several partitions"

mutual "$ocsp_port" "nginx, ssl_ocsp"
mutual_now "$ocsp_port" "nginx, ssl_ocsp"

# Each worker staples from its second handshake on: with the first it asks.
said() { grep -q "$1" "$work/nginx-error.log"; }
afresh()
{
    : >"$work/nginx-error.log"
    kill -HUP "$(cat "$work/nginx.pid")"
    wait_for 10 said 'worker process .* exited' || bail "nginx does not reload"
}
staples "$staple_port" none || bail "nginx staples what it cannot have"
stapled "$staple_port" nginx
afresh
staples "$foreign_port" none || bail "nginx staples what it cannot have"
wait_for 10 said 'OCSP_basic_verify() failed' ||
    bail "nginx believes a foreign root's OCSP"
staples "$foreign_port" none || bail "nginx staples what it does not believe"
served gnutls "$root" "$foreign_port" &&
    bail "GnuTLS is content without the staple that the certificate promises"
proved "nginx staples nothing that its ssl_trusted_certificate did not certify"

stop || bail "the service did not end well"
afresh
staples "$staple_port" none || bail "nginx staples what it cannot have"
wait_for 10 said 'refused) while requesting certificate status' ||
    bail "nginx does not say that nobody answers"
staples "$staple_port" none || bail "nginx staples what nobody said"
for client in $clients; do
    served "$client" "$root" "$ocsp_port" good-p256 &&
        bail "ssl_ocsp: $client is served, and nobody was asked"
done
proved "nginx, while nobody answers, staples nothing and lets nobody in"
serve
afresh
staples "$staple_port" none || bail "nginx staples what it cannot have"
stapled "$staple_port" "nginx, when the service is back"

revoke stapled
afresh
staples "$staple_port" none || bail "nginx staples what it cannot have"
wait_for 10 said 'certificate status "revoked" in the OCSP response' ||
    bail "nginx does not say that it is revoked"
staples "$staple_port" none || bail "nginx staples about what is revoked"
proved "nginx says that its own certificate is revoked, and staples no more"
finish
