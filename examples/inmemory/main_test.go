package main

import (
	"context"
	"fmt"
	"os"
)

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// the archive is what the checksum promised: true
	// etc/config/system
	// config system 'system'
	// 	option hostname 'roof'
	//
	// etc/config/network
	// config interface 'eth0'
	// 	option device 'eth0'
	// 	option proto 'dhcp'
	// applied
}
