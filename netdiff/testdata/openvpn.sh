#!/bin/sh
# An OpenVPN server and a client on loopback, in namespaces of the caller's
# own; prints the server's status file in the version that is asked for.
# ca.pem, server.pem, server.key, client.pem and client.key are in the folder.
set -e
ip link set lo up
common="--ca ca.pem --proto udp --verb 1 --dev-type tun --data-ciphers AES-128-GCM"
openvpn $common --dev tuns --mode server --tls-server --topology subnet --local 127.0.0.1 --lport 1194 --server 10.98.0.0 255.255.255.0 \
	--cert server.pem --key server.key --dh none --status status 1 --status-version "$1" >server.log 2>&1 &
openvpn $common --dev tunc --client --remote 127.0.0.1 1194 --nobind --route-noexec --ifconfig-noexec \
	--cert client.pem --key client.key >client.log 2>&1 &
n=0
while :; do
	# the file is written over line by line: twice the same, to its end
	cp status seen 2>/dev/null || true
	sleep 0.1
	if grep -q '10\.98\.0\.2.roof' seen 2>/dev/null && [ "$(tail -n 1 seen)" = END ] && cmp -s seen status; then break; fi
	n=$((n + 1))
	[ $n -lt 600 ] || { cat server.log client.log >&2; exit 1; }
done
cat seen
