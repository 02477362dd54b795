package openwrt_test

import "testing"

// TestDevicesTheReaderCannotGive reads devices and VLANs that no NetJSON
// interface can tell as they are: they stay what they were.
func TestDevicesTheReaderCannotGive(t *testing.T) {
	const bridge = `package network

config device
	option name 'br-lan'
	option type 'bridge'
	list ports 'lan1'
	list ports 'lan2'

config bridge-vlan
	option device 'br-lan'
	option vlan '1'
	list ports 'lan1:u*'

`
	for name, text := range map[string]string{
		// written as a bridge with VLANs it would bring up an interface of each
		"an interface on a bridge whose VLANs have interfaces of other names": bridge + `config interface 'home'
	option device 'br-lan.1'
	option proto 'dhcp'

config interface 'all'
	option device 'br-lan'
	option proto 'static'
	option ipaddr '192.168.1.1'
	option netmask '255.255.255.0'
`,
		"an interface that has the name of a VLAN's": bridge + `config interface 'lan_1'
	option device 'br-lan'
	option proto 'dhcpv6'

config interface 'lan'
	option device 'br-lan'
	option proto 'dhcp'
`,
		"a VLAN told twice": bridge + `config bridge-vlan
	option device 'br-lan'
	option vlan '1'
	list ports 'lan2:t'
	option local '0'
	list alias 'iot'

config interface 'lan'
	option device 'br-lan.1'
	option proto 'dhcp'
`,
		"a device told twice": bridge + `config device 'again'
	option name 'br-lan'
	option type 'bridge'
	list ports 'lan3'
	option macaddr '02:00:00:00:00:01'

config interface 'lan'
	option device 'br-lan'
	option proto 'dhcp'
`,
		"a name that is a list, and an interface without a device": `package network

config device
	list name 'br-lan'
	option type 'bridge'
	list ports 'lan1'

config interface 'lan'
	option device 'br-lan'
	option proto 'dhcp'

config interface 'wwan'
	option proto 'dhcp'
`,
		"a setting as a list on an interface, beside a device that stays as it is": `package network

config device
	option name 'wan'
	option type 'bridge'
	list ports 'lan1'

config interface 'wan'
	option device 'wan'
	option proto 'dhcp'
	list mtu '1492'

config device
	option macaddr '02:00:00:00:00:cc'
`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, dsa := range []bool{true, false} {
				survives(t, text, dsa)
			}
		})
	}
}
