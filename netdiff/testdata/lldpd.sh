#!/bin/sh
# A host with two neighbours that speak LLDP, in namespaces of the caller's own; prints
# what lldpd tells of the host and its neighbours. LAYOUT is json or json0.
# usage: lldpd.sh LAYOUT
set -e
layout=$1
ip link set lo up
mount -t tmpfs tmpfs /run # for the sockets and the namespaces' names
mkdir -p /run/netns /run/lldpd
for n in a b c; do
	ip netns add $n
	ip -n $n link set lo up
done
ip link add ab netns a type veth peer name ba netns b
ip link add ac netns a type veth peer name ca netns c
for x in "a ab" "b ba" "a ac" "c ca"; do
	set -- $x
	ip -n "$1" link set "$2" up
done
ip -n b addr add 10.1.0.2/24 dev ba
for n in a b c; do
	ip netns exec $n unshare --uts sh -c "hostname $n; exec lldpd -d -u /run/lldpd-$n.socket -S router" 2>/run/log-$n &
done
ask() {
	socket=/run/lldpd-$1.socket
	shift
	lldpcli -u "$socket" "$@" 2>/dev/null || true
}
n=0
until [ "$(ask a show neighbors | grep -c SysName)" = 2 ]; do
	n=$((n + 1))
	[ $n -lt 300 ] || { cat /run/log-* >&2; exit 1; }
	for name in b c; do ask $name configure lldp tx-interval 1 >/dev/null; done
	sleep 0.2
done
ask a -f "$layout" show chassis
ask a -f "$layout" show neighbors
