package main

import (
	"fmt"
	"os"
)

func Example() {
	if err := run(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// package system
	//
	// config system 'system'
	// 	option hostname 'roof'
	// 	option timezone 'CET-1CEST,M3.5.0,M10.5.0/3'
	// 	option zonename 'Europe/Rome'
	//
	// package wireless
	//
	// config wifi-device 'radio0'
	// 	option band '2g'
	// 	option channel '1'
	// 	option htmode 'HT20'
	// 	option phy 'phy0'
	// 	option type 'mac80211'
	//
	// config wifi-iface 'wifi_wlan0'
	// 	option device 'radio0'
	// 	option ifname 'wlan0'
	// 	option mode 'ap'
	// 	option ssid 'It'\''s free'
	// etc/config/system 0644 125
	// etc/config/wireless 0644 256
	// refused at /interfaces/0
}
