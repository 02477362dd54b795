package agent

import (
	"crypto/md5"
	"encoding/hex"
	"strings"

	"github.com/wispwright/wispwright"
)

// ConsistentKey returns the key a device derives from what identifies it and
// the shared secret, so that it finds its configuration again after it was
// reflashed (§4.2). The base is the hardware id or the MAC address as sent.
func ConsistentKey(base string, secret wispwright.Secret) wispwright.Secret {
	sum := md5.Sum([]byte(base + "+" + secret.Reveal()))
	return wispwright.Secret(hex.EncodeToString(sum[:]))
}

// ChooseName returns the name a device registers under (§4.1): the host name,
// or the hardware address when the host name is the factory's.
func ChooseName(hostname, mac, defaultHostname string) string {
	if hostname == "" || defaultHostname == "*" || strings.EqualFold(hostname, "openwrt") || hostname == defaultHostname {
		return mac
	}
	return hostname
}
