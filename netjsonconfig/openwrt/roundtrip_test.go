package openwrt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// TestWrittenIsReadBack writes what the reference's inputs describe, reads it
// and writes it again: nothing may be lost or changed on the way.
func TestWrittenIsReadBack(t *testing.T) {
	files := []string{
		"openwrt-system", "openwrt-interfaces", "openwrt-routing", "openwrt-wireless", "openwrt-services",
		"openwrt-devices", "openwrt-vlan-filtering",
	}
	for _, file := range files {
		var vectors []vector
		testkit.ReadVectors(t, &vectors, "netjsonconfig", file+".json")
		for _, v := range vectors {
			if v.Operation != "render" || v.Expected.Error != "" {
				continue
			}
			t.Run(file+"/"+v.Name, func(t *testing.T) {
				if reason, ok := lossy()[v.Name]; ok {
					t.Skip(reason)
				}
				config, err := open(v)
				require.NoError(t, err)
				rewrite(t, openwrt.Backend(), config, v.Options.DSA)
			})
		}
	}
}

// lossy are the inputs whose text is not reproduced, where the reference reads
// it that way and configurations that were imported rely on it.
func lossy() map[string]string {
	const (
		dns   = "name servers move to the top, where they are one option and no list"
		kind  = "UCI does not say virtual or other, which decide between ifname and device"
		proto = "an unknown protocol makes an interface of type other, which is written with ifname"
	)
	return map[string]string{
		"dns override list":                            dns,
		"dns override list (legacy syntax)":            dns,
		"ethernet option proto relay":                  proto,
		"ethernet option without address custom proto": proto,
		"interface name eth0.10":                       kind,
		"interface name eth0.1-b":                      kind,
		"interface name bat0":                          kind,
		"interface name usb0":                          kind,
		"interface name tun.5":                         kind,
		"type virtual":                                 kind,
		"type other":                                   kind,
		"modem manager minimal":                        "without a device the schema refuses it",
		"default extends network package":              "what the parts mean by default is written out",
		"default overrides generated section":          "options of merged sections are sorted again",
	}
}

func rewrite(t *testing.T, b *njc.Backend, config *njc.Config, dsa *bool) {
	t.Helper()
	text, err := config.RenderNative()
	require.NoError(t, err)
	read, err := njc.Parse(b, []byte(text), &njc.Options{DSA: dsa})
	require.NoError(t, err, "%s", text)
	again, err := read.RenderNative()
	require.NoError(t, err)
	require.Equal(t, text, again, "%s", read.Merged())
}
