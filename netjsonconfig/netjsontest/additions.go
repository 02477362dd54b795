package netjsontest

import (
	"slices"
	"strings"
)

// WithoutAdditions leaves out of a schema, decoded by encoding/json, what the
// recorded documents of the reference do not have: 6 GHz and 802.11be, WPA3
// Enterprise with 192 bit, OpenVPN's compression.
func WithoutAdditions(v any) any {
	added := func(text string) bool {
		name := text[strings.LastIndexByte(text, '/')+1:]
		return strings.HasPrefix(name, "radio_80211be_") || strings.HasPrefix(name, "radio_be_") ||
			slices.Contains([]string{
				"radio_6ghz_more_channels", "radio_6ghz_all_channels", "radio_80211ax_6ghz_more_settings",
				"encryption_wpa3_enterprise_192_base_settings", "encryption_wpa3_enterprise_192_ap",
				"encryption_wpa3_enterprise_192_sta", "compress", "allow_compression", "comp_lzo",
			}, name)
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, member := range v {
			if !added(key) {
				out[key] = WithoutAdditions(member)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			o, _ := item.(map[string]any)
			if ref, ok := o["$ref"].(string); !ok || !added(ref) {
				out = append(out, WithoutAdditions(item))
			}
		}
		return out
	}
	return v
}
