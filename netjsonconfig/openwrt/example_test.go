package openwrt_test

import (
	"fmt"

	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// The same bridge in the syntax of OpenWrt 21 and in the older one.
func ExampleBackend() {
	document := []byte(`{"interfaces": [{"name": "br-lan", "type": "bridge", "bridge_members": ["lan1", "lan2"], "network": "lan"}]}`)
	for _, dsa := range []bool{true, false} {
		config, err := netjsonconfig.NewJSON(openwrt.Backend(), document, &netjsonconfig.Options{DSA: &dsa})
		if err != nil {
			fmt.Println(err)
			return
		}
		text, err := config.Render()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(text)
	}
	// Output:
	// package network
	//
	// config device 'device_lan'
	// 	option name 'br-lan'
	// 	list ports 'lan1'
	// 	list ports 'lan2'
	// 	option type 'bridge'
	//
	// config interface 'lan'
	// 	option device 'br-lan'
	// 	option proto 'none'
	// package network
	//
	// config interface 'lan'
	// 	option ifname 'lan1 lan2'
	// 	option proto 'none'
	// 	option type 'bridge'
}

// The firmware of OpenWISP 1 gets scripts with its configuration.
func ExampleLegacy() {
	config, err := netjsonconfig.NewJSON(openwrt.Legacy(), []byte(`{"general": {"hostname": "ap-1"}}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	members, err := config.Members()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range members {
		fmt.Println(m.Path)
	}
	// Output:
	// uci/system.conf
	// install.sh
	// uninstall.sh
	// tc_script.sh
}
