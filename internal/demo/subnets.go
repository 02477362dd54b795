//go:build linux

package main

import (
	"encoding/json"
	"fmt"
)

// demoSubnets are networks of the demo's organization, with some addresses taken.
func demoSubnets() (string, error) {
	addresses := func(network string, n int, what string) (out []object) {
		for i := 1; i <= n; i++ {
			out = append(out, object{"ip_address": fmt.Sprintf("%s%d", network, i), "description": fmt.Sprintf("%s %d", what, i)})
		}
		return out
	}
	text, err := json.Marshal([]object{
		{"organization": "demo", "subnet": "10.80.0.0/16", "name": "Demo"},
		{"organization": "demo", "subnet": "10.80.0.0/24", "name": "Management", "master_subnet": "10.80.0.0/16", "addresses": addresses("10.80.0.", 41, "device")},
		{"organization": "demo", "subnet": "10.80.1.0/26", "name": "VPN", "master_subnet": "10.80.0.0/16", "addresses": addresses("10.80.1.", 58, "client")},
		{"organization": "demo", "subnet": "fd80::/64", "name": "Guests", "addresses": addresses("fd80::", 9, "guest")},
	})
	return string(text), err
}
