package openwrt

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// encryptionName is the UCI name of a NetJSON encryption protocol (§8.10);
// unknown ones are kept.
func encryptionName(protocol string) string {
	switch protocol {
	case "wep_open":
		return "wep-open"
	case "wep_shared":
		return "wep-shared"
	case "wpa_personal", "wps":
		return "psk"
	case "wpa2_personal":
		return "psk2"
	case "wpa3_personal":
		return "sae"
	case "wpa_personal_mixed":
		return "psk-mixed"
	case "wpa2_personal_mixed":
		return "sae-mixed"
	case "wpa_enterprise":
		return "wpa"
	case "wpa2_enterprise":
		return "wpa2"
	case "wpa3_enterprise":
		return "wpa3"
	case "wpa3_enterprise_192":
		return "wpa3-192"
	case "wpa_enterprise_mixed":
		return "wpa-mixed"
	case "wpa2_enterprise_mixed":
		return "wpa3-mixed"
	}
	return protocol
}

// encrypt adds the options of a network's encryption.
func encrypt(s *njc.Section, e *ordered.Object, ap bool) {
	protocol := value.Str(e, "protocol")
	if e.Len() == 0 || protocol == "" || protocol == "none" || isTrue(value.Of(e, "disabled")) {
		s.Set("encryption", "none")
		return
	}
	name := encryptionName(protocol)
	if cipher := value.Str(e, "cipher"); cipher != "" && cipher != "auto" && strings.HasPrefix(protocol, "wpa") {
		name += "+" + cipher
	}
	s.Set("encryption", name)
	wep := strings.HasPrefix(protocol, "wep")
	enterprise := strings.Contains(protocol, "enterprise")
	for key, v := range e.All() {
		switch key {
		case "protocol", "cipher", "disabled":
			continue
		case "key":
			if wep {
				continue
			}
		case "acct_server_port":
			if enterprise && ap {
				key = "acct_port"
			}
		case "auth":
			if enterprise && value.Str(e, "eap_type") == "tls" {
				continue
			}
		}
		s.Set(key, v)
	}
	switch {
	case wep:
		key := value.Str(e, "key")
		if protocol == "wep_open" {
			key = "s:" + key
		}
		s.Set("key", "1")
		s.Set("key1", key)
	case enterprise && ap:
		s.Set("auth_server", value.Of(e, "server"))
		s.Set("auth_port", value.Of(e, "port"))
		s.Set("auth_secret", value.Of(e, "key"))
		if value.Empty(value.Of(e, "acct_secret")) {
			s.Set("acct_secret", value.Of(e, "key"))
		}
	}
}
