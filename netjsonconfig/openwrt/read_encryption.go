package openwrt

import (
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// isEncryption reports whether an option of a wireless network belongs to its
// encryption.
func isEncryption(key string) bool {
	switch key {
	case "key", "ieee80211w", "server", "port", "acct_server", "acct_port", "acct_secret", "acct_interval",
		"dae_client", "dae_port", "dae_secret", "nasid", "eap_type", "auth", "identity", "anonymous_identity",
		"password", "ca_cert", "client_cert", "priv_key", "priv_key_pwd", "ca_cert_usesystem", "subject_match",
		"altsubject_match", "domain_match", "domain_suffix_match":
		return true
	}
	return strings.HasPrefix(key, "wps_") || strings.HasPrefix(key, "auth_") || key == "key1"
}

// encryptionOf is the NetJSON protocol of a UCI encryption.
func encryptionOf(name string) string {
	switch name {
	case "wep-open", "wep":
		return "wep_open"
	case "wep-shared":
		return "wep_shared"
	case "psk":
		return "wpa_personal"
	case "psk2":
		return "wpa2_personal"
	case "sae":
		return "wpa3_personal"
	case "psk-mixed":
		return "wpa_personal_mixed"
	case "sae-mixed":
		return "wpa2_personal_mixed"
	case "wpa":
		return "wpa_enterprise"
	case "wpa2":
		return "wpa2_enterprise"
	case "wpa3":
		return "wpa3_enterprise"
	case "wpa-mixed":
		return "wpa_enterprise_mixed"
	case "wpa3-192":
		return "wpa3_enterprise_192"
	case "wpa3-mixed":
		return "wpa2_enterprise_mixed"
	}
	return name
}

// readEncryption moves the options of a network's encryption into an object of
// their own (§9).
func readEncryption(w *ordered.Object) {
	setting := takeText(w, "encryption")
	if setting == "" {
		return
	}
	name, cipher, hasCipher := strings.Cut(setting, "+")
	protocol := encryptionOf(name)
	e := new(ordered.Object)
	w.Set("encryption", e)
	if protocol == "none" {
		e.Set("protocol", protocol)
		return
	}
	enterprise := strings.Contains(protocol, "enterprise")
	var moved []string
	for key, v := range w.All() {
		if isEncryption(key) && (enterprise || key != "nasid") {
			moved = append(moved, key)
			e.Set(key, v)
			if strings.HasPrefix(key, "wps_") {
				protocol = "wps"
			}
		}
	}
	for _, key := range moved {
		w.Delete(key)
	}
	if strings.HasPrefix(protocol, "wep") {
		key := takeText(e, "key1")
		e.Set("key", strings.TrimPrefix(key, "s:"))
	}
	if secret := take(e, "auth_secret"); secret != nil {
		e.Set("key", secret)
	}
	replaces(e, "auth_server", "server")
	replaces(e, "auth_port", "port")
	if v, ok := e.Get("acct_secret"); ok && ordered.Equal(v, value.Of(e, "key")) {
		e.Delete("acct_secret")
	}
	rename(e, "acct_port", "acct_server_port")
	toInts(e, "port", "acct_server_port", "acct_interval", "dae_port")
	toBools(e, "wps_pushbutton", "wps_label", "ca_cert_usesystem")
	toLists(e, "altsubject_match", "domain_match", "domain_suffix_match")
	e.Set("protocol", protocol)
	if protocol == "wps" {
		return
	}
	mfp := protection(name)
	switch {
	case hasCipher:
	case mfp != "" && name != "owe" && name != "wpa3-192":
		cipher = "ccmp" // as OpenWrt takes it
	default:
		cipher = "auto"
	}
	e.Set("cipher", cipher)
	if mfp != "" && name != "owe" {
		setDefault(e, "ieee80211w", mfp)
	}
}

// replaces moves a member to the key it stands for, unless that is there.
func replaces(e *ordered.Object, from, to string) {
	v := take(e, from)
	if v != nil && value.Empty(value.Of(e, to)) {
		e.Set(to, v)
	}
}
