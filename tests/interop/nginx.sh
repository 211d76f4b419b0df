#!/bin/sh
# SPDX-License-Identifier: ISC
# nginx serves with our certificates, and asks for them.
. "$(dirname "$0")/lib.sh"
need nginx
partition_size=2 # so that ssl_crl has several lists of one authority
ca_start
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
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
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
finish
