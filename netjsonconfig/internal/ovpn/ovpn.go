// Package ovpn holds what the OpenVPN backend and the OpenVPN part of OpenWrt
// share: the settings whose native spelling is not their NetJSON value (§8.11).
package ovpn

import (
	"path"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Remotes spells a client's servers: "host port[ proto]" each.
func Remotes(v any) []any {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	out := make([]any, 0, len(list))
	for _, item := range list {
		o, ok := item.(*ordered.Object)
		if !ok {
			continue
		}
		port := value.Of(o, "port")
		text := value.Str(o, "host") + " " + value.Text(port)
		if proto := value.Str(o, "proto"); proto != "" && proto != "auto" {
			text += " " + proto
		}
		out = append(out, text)
	}
	return out
}

// Ciphers joins data ciphers with colons; optional ones begin with a question
// mark.
func Ciphers(v any) string {
	list, ok := v.([]any)
	if !ok {
		return value.Text(v)
	}
	names := make([]string, 0, len(list))
	for _, item := range list {
		o, ok := item.(*ordered.Object)
		if !ok {
			continue
		}
		name := value.Str(o, "cipher")
		if value.Of(o, "optional") == true {
			name = "?" + name
		}
		names = append(names, name)
	}
	return strings.Join(names, ":")
}

// IsKeyText reports whether tls_auth holds the key itself and not the two words
// "path direction".
func IsKeyText(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && len(strings.Split(text, " ")) != 2
}

// TLSAuth returns the tls_auth option of a tunnel, and the key file to install
// when the setting is the key itself.
func TLSAuth(o *ordered.Object) (option string, file *njc.File) {
	text := value.Str(o, "tls_auth")
	if !IsKeyText(text) {
		return text, nil
	}
	name := value.Str(o, "dev") + "_tls_auth.key"
	if dir := path.Dir(value.Str(o, "ca")); dir != "." {
		name = path.Join(dir, name)
	}
	direction := " 1"
	if value.Str(o, "mode") == "server" {
		direction = " 0"
	}
	return name + direction, &njc.File{Path: name, Mode: njc.KeyMode, Contents: strings.TrimSpace(text)}
}

// Cast gives the settings of a tunnel that was read as text their NetJSON types
// (§9, §10).
func Cast(o *ordered.Object) {
	for i := range o.Len() {
		key, v := o.At(i)
		switch {
		case key == "remote":
			o.Set(key, remotesOf(v))
		case key == "data_ciphers":
			o.Set(key, ciphersOf(v))
		case key == "tls_cipher":
			o.Set(key, joinList(v, ":"))
		case isBool(key):
			o.Set(key, v == true || v == "1" || v == "")
		case isInt(key):
			if text, ok := v.(string); ok && isDigits(text) {
				o.Set(key, ordered.Number(text))
			}
		}
	}
}

func isBool(key string) bool {
	switch key {
	case "mtu_test", "persist_tun", "persist_key", "tun_ipv6", "mute_replay_warnings", "float", "auth_nocache",
		"fast_io", "nobind", "tls_client", "pull", "remote_random", "tls_server", "duplicate_cn", "client_to_client",
		"client_cert_not_required", "username_as_common_name":
		return true
	}
	return false
}

func isInt(key string) bool {
	switch key {
	case "port", "fragment", "mssfix", "up_delay", "script_security", "mute", "status_version", "reneg_sec",
		"tls_timeout", "verb":
		return true
	}
	return false
}

// isDigits reports whether a text is a whole number as JSON spells it.
func isDigits(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > 1 && digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

func joinList(v any, by string) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	texts := make([]string, 0, len(list))
	for _, item := range list {
		texts = append(texts, value.Text(item))
	}
	return strings.Join(texts, by)
}

func remotesOf(v any) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]any, 0, len(list))
	for _, item := range list {
		fields := strings.Fields(value.Text(item))
		if len(fields) == 0 {
			continue
		}
		o := new(ordered.Object)
		o.Set("host", fields[0])
		if len(fields) > 1 {
			o.Set("port", fields[1])
			if isDigits(fields[1]) {
				o.Set("port", ordered.Number(fields[1]))
			}
		}
		if len(fields) > 2 {
			o.Set("proto", fields[2])
		}
		out = append(out, o)
	}
	return out
}

func ciphersOf(v any) any {
	text, ok := joinList(v, ":").(string)
	if !ok {
		return v
	}
	var out []any
	for name := range strings.SplitSeq(text, ":") {
		if name == "" {
			continue
		}
		o := new(ordered.Object)
		cipher, optional := strings.CutPrefix(name, "?")
		o.Set("cipher", cipher)
		o.Set("optional", optional)
		out = append(out, o)
	}
	return out
}
