#!/bin/sh
# Called by openNDS. Lets clients in for as long as the log-in page said, and tells
# the server how long they were in and what they used.
reports='{{hotspot_reports}}'
device='{{id}}'
key='{{hotspot_key}}'

hash() { sha256sum | cut -c1-64; }

case "$1" in
auth_client)
	seconds=$(ndsctl b64decode "$9" 2>/dev/null | tr -cd 0-9)
	echo "${seconds:-0} 0 0"
	exit 0
	;;
client_deauth) cause=User-Request ;;
idle_deauth) cause=Idle-Timeout ;;
timeout_deauth) cause=Session-Timeout ;;
downquota_deauth | upquota_deauth) cause=NAS-Request ;;
ndsctl_deauth) cause=Admin-Reset ;;
shutdown_deauth) cause=NAS-Reboot ;;
*) exit 0 ;;
esac

# the session has the name that the log-in page gave it
shown=$(printf '%s' "$7" | hash)
answer=$(printf '%s%s' "$shown" "$key" | hash)
session=$(printf 'session\0%s' "$answer" | sha256sum | cut -c1-32)
used=$(($6 - $5))
[ "$used" -lt 0 ] && used=0
uclient-fetch -q -T 10 -O /dev/null \
	--post-data="device=$device&key=$key&session=$session&session_time=$used&output_octets=$3&input_octets=$4&terminate_cause=$cause" \
	"$reports"
exit 0
