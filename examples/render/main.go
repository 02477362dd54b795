// Command render turns a NetJSON configuration with a template and a variable
// into OpenWrt's files.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	template, err := netjsonconfig.DecodeObject([]byte(`{
		"general": {"timezone": "Europe/Rome"},
		"radios": [{"name": "radio0", "phy": "phy0", "driver": "mac80211", "protocol": "802.11n", "channel": 1, "channel_width": 20}],
		"interfaces": [{"name": "wlan0", "type": "wireless",
			"wireless": {"radio": "radio0", "mode": "access_point", "ssid": "{{ ssid }}"}}]
	}`))
	if err != nil {
		return err
	}
	config, err := netjsonconfig.NewJSON(openwrt.Backend(), []byte(`{"general": {"hostname": "roof"}}`), &netjsonconfig.Options{
		Templates: []*ordered.Object{template}, Context: map[string]any{"ssid": "It's free"},
	})
	if err != nil {
		return err
	}
	text, err := config.Render()
	if err != nil {
		return err
	}
	fmt.Fprint(out, text)
	archive, err := config.Generate()
	if err != nil {
		return err
	}
	files, err := netjsonconfig.Unpack(archive)
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintln(out, f.Path, f.Mode, len(f.Contents))
	}

	// what is not valid says where
	config, err = netjsonconfig.NewJSON(openwrt.Backend(), []byte(`{"interfaces": [{"name": "eth0", "type": "ethernet", "mtu": "big"}]}`), nil)
	if err != nil {
		return err
	}
	var invalid *netjsonconfig.ValidationError
	if _, err := config.Render(); errors.As(err, &invalid) {
		fmt.Fprintln(out, "refused at", invalid.Pointer)
	}
	return nil
}
