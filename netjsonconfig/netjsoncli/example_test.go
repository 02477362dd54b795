package netjsoncli_test

import (
	"fmt"
	"os"

	"github.com/wispwright/wispwright/netjsonconfig/backends"
	"github.com/wispwright/wispwright/netjsonconfig/netjsoncli"
)

func Example() {
	p := netjsoncli.Program{Backends: backends.Default()}
	status := p.Run([]string{
		"-c", `{"general": {"hostname": "{{NAME}}"}}`,
		"-b", "openwrt", "-m", "render",
	}, os.Stdout, os.Stderr, []string{"NAME=ap-17"})
	fmt.Println("status", status)
	// Output:
	// package system
	//
	// config system 'system'
	// 	option hostname 'ap-17'
	//
	// status 0
}
