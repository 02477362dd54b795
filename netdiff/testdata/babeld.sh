#!/bin/sh
# Three routers in a row that speak Babel, in namespaces of the caller's own; prints
# what the first one's babeld answers to "dump".
set -e
ip link set lo up
mount -t tmpfs tmpfs /run # for the namespaces' names
mkdir -p /run/netns
for n in a b c; do
	ip netns add $n
	ip -n $n link set lo up
	ip -n $n addr add fd00:$n::1/64 dev lo
	ip netns exec $n sysctl -qw net.ipv6.conf.all.forwarding=1
done
ip link add ab netns a type veth peer name ba netns b
ip link add bc netns b type veth peer name cb netns c
for x in "a ab" "b ba" "b bc" "c cb"; do
	set -- $x
	ip -n "$1" link set "$2" up
done
# until their link-local addresses are theirs alone
n=0
while ip -n a -6 addr show tentative | grep -q . || ip -n b -6 addr show tentative | grep -q . || ip -n c -6 addr show tentative | grep -q .; do
	n=$((n + 1))
	[ $n -lt 300 ] || exit 1
	sleep 0.1
done
for x in "a ab" "b ba bc" "c cb"; do
	set -- $x
	name=$1
	shift
	ip netns exec "$name" babeld -D -I "/run/babeld-$name.pid" -S '' -L "/run/log-$name" -g 33123 -C 'redistribute local deny' \
		-C 'redistribute ip fd00::/16 allow' -C 'default hello-interval 1 update-interval 2' "$@" 2>/dev/null
done
dump() { printf 'dump\nquit\n' | ip netns exec a curl -sg --max-time 5 'telnet://[::1]:33123' || true; }
# until both routes are as they stay: costs are higher while few hellos came. What
# is printed is the answer that said so, the next one may come before a lost hello.
n=0
until said=$(dump) && [ "$(printf '%s\n' "$said" | grep -cE 'installed yes id .* metric (96 refmetric 0|192 refmetric 96) ')" = 2 ]; do
	n=$((n + 1))
	[ $n -lt 600 ] || { cat /run/log-a >&2; printf '%s\n' "$said" >&2; exit 1; }
	sleep 0.2
done
printf '%s\n' "$said"
