package uci_test

import (
	"fmt"
	"log"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

func Example() {
	live, err := uci.Parse("network", []byte(`
config interface 'lan'
	option proto 'dhcp'
	option ifname 'eth0'
`))
	if err != nil {
		log.Fatal(err)
	}
	remote, err := uci.Parse("network", []byte("config interface lan\n\toption proto static\n\toption ipaddr 10.0.0.1\n"))
	if err != nil {
		log.Fatal(err)
	}
	before := live.Clone()
	live.Merge(remote)
	for _, change := range uci.Diff(before, live) {
		fmt.Println(change)
	}
	fmt.Print(live)
	// Output:
	// lan.proto='static'
	// lan.ipaddr='10.0.0.1'
	// config interface 'lan'
	// 	option proto 'static'
	// 	option ifname 'eth0'
	// 	option ipaddr '10.0.0.1'
}

func ExampleParse_error() {
	_, err := uci.Parse("network", []byte("config interface 'lan'\n\toption proto 'static\n"))
	fmt.Println(err)
	// Output: uci: network, line 2: unterminated '
}
