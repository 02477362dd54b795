#!/bin/sh
# Two WireGuard interfaces that shake hands over loopback, in namespaces of the
# caller's own; prints "wg show all dump".
set -e
umask 077
mount -t tmpfs tmpfs /run # for the control sockets
ip link set lo up
for i in 0 1; do
	LOG_LEVEL=error wireguard-go -f wg$i >/dev/null 2>&1 &
	wg genkey >key$i
done
n=0
until ip link show wg0 >/dev/null 2>&1 && ip link show wg1 >/dev/null 2>&1; do
	n=$((n + 1))
	[ $n -lt 600 ] || { ip link >&2; exit 1; }
	sleep 0.1
done
ip addr add 10.99.0.1/24 dev wg0
wg set wg0 private-key key0 listen-port 51820 peer "$(wg pubkey <key1)" allowed-ips 10.99.0.2/32
wg set wg1 private-key key1 listen-port 51821 peer "$(wg pubkey <key0)" allowed-ips 10.99.0.1/32 \
	endpoint 127.0.0.1:51820 persistent-keepalive 1
ip link set wg0 up
ip link set wg1 up
n=0
until [ "$(wg show all latest-handshakes | awk '$3 > 0' | wc -l)" = 2 ]; do
	n=$((n + 1))
	[ $n -lt 600 ] || { wg show >&2; exit 1; }
	sleep 0.1
done
wg show all dump
