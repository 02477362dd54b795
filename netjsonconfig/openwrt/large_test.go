package openwrt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// TestLargeInputs writes and reads what is as large as a server lets in. Work
// that grew with the square of it would take minutes here.
func TestLargeInputs(t *testing.T) {
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"custom%d":%d,`, i, i)
		}
		return b.String()
	}
	list := func(n int, f string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strings.ReplaceAll(f, "%d", fmt.Sprint(i)))
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"interface keys": `{"interfaces":[{` + keys(50000) + `"name":"eth0","type":"ethernet"}]}`,
		"address keys":   `{"interfaces":[{"name":"eth0","type":"ethernet","addresses":[{` + keys(50000) + `"proto":"dhcp","family":"ipv4"}]}]}`,
		"wifi keys":      `{"interfaces":[{"name":"eth0","type":"wireless","wireless":{` + keys(50000) + `"mode":"access_point","radio":"radio0","ssid":"x"}}]}`,
		"top keys":       `{` + keys(50000) + `"a":1}`,
		"wifis":          `{"interfaces":[` + list(10000, `{"name":"w%d","type":"wireless","wireless":{"mode":"access_point","radio":"radio0","ssid":"x"}}`) + `]}`,
		"bridges":        `{"interfaces":[` + list(10000, `{"name":"b%d","type":"bridge","bridge_members":["a%d"]}`) + `]}`,
		"one bridge":     `{"interfaces":[{"name":"br","type":"bridge","bridge_members":[` + list(50000, `"m%d"`) + `]}]}`,
		"vlans":          `{"interfaces":[{"name":"br","type":"bridge","bridge_members":[],"vlan_filtering":[` + list(20000, `{"vlan":%d}`) + `]}]}`,
		"routes":         `{"routes":[` + list(10000, `{"device":"a%d","destination":"10.0.0.0/8","next":"","cost":1}`) + `]}`,
		"packages":       `{` + list(20000, `"p%d":[{"config_name":"x"}]`) + `}`,
		"sections":       `{"p":[` + list(30000, `{"config_name":"x","config_value":"v%d"}`) + `]}`,
		"files":          `{"files":[` + list(20000, `{"path":"/etc/f%d","mode":"0644","contents":"x"}`) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			config, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
			require.NoError(t, err)
			rewrite(t, openwrt.Backend(), config, nil)
		})
	}
}

// TestLargeMerges lays lists over each other whose entries differ in the section
// they become alone, and joins and reads what is there many times.
func TestLargeMerges(t *testing.T) {
	b := openwrt.Backend()
	list := func(n int, f string) string {
		var out strings.Builder
		for i := range n {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(strings.ReplaceAll(f, "%d", fmt.Sprint(i)))
		}
		return out.String()
	}
	object := func(text string) *ordered.Object {
		o, err := ordered.DecodeObject([]byte(text))
		require.NoError(t, err)
		return o
	}
	const n = 60_000
	base := object(`{"interfaces":[` + list(n, `{"name":"x","type":"ethernet","network":"a%d"}`) + `]}`)
	for name, over := range map[string]string{"other networks": `{"name":"x","type":"ethernet","network":"b%d"}`, "no network": `{"name":"x","mtu":%d}`} {
		t.Run(name, func(t *testing.T) {
			merged, err := b.Merge(base, object(`{"interfaces":[`+list(n, over)+`]}`))
			require.NoError(t, err)
			all, _ := merged.Get("interfaces")
			require.GreaterOrEqual(t, len(all.([]any)), n)
		})
	}
	t.Run("lists of a section", func(t *testing.T) {
		c, err := njc.New(b, object(`{"interfaces":[{"name":"eth0","type":"ethernet","network":"lan","foo":[`+list(n, `"a%d"`)+`]}],
			"network":[{"config_name":"interface","config_value":"lan","foo":[`+list(n, `"b%d"`)+`]}]}`), nil)
		require.NoError(t, err)
		text, err := c.Render()
		require.NoError(t, err)
		require.Equal(t, 2*n, strings.Count(text, "list foo "))
	})
	t.Run("sections of one thing", func(t *testing.T) {
		var text strings.Builder
		text.WriteString("package zerotier\n\n")
		for i := range n {
			fmt.Fprintf(&text, "config network 'n%d'\n\toption id 'abcd'\n\n", i)
		}
		text.WriteString("package network\n\n")
		for i := range n {
			fmt.Fprintf(&text, "config device\n\toption name 'eth0'\n\toption mtu '%d'\n\n", i)
		}
		_, err := njc.Parse(b, []byte(text.String()), nil)
		require.NoError(t, err)
	})
}
