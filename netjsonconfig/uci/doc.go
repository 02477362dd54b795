// Package uci reads, writes, merges and compares UCI configuration, the text
// format of OpenWrt's /etc/config.
//
//	p, err := uci.Parse("network", text)
//	lan := p.Section("lan")
//	lan.Set("proto", "static")
//	lan.SetList("dns", "8.8.8.8", "8.8.4.4")
//	text = p.AppendFile(nil)
//
// The reader accepts what libuci accepts: single and double quotes, quoted
// values over several lines, backslash escapes and continuation, comments,
// several statements on a line separated by ';', and anonymous sections. It is
// lenient with names, which Validate checks as a device would. The writer quotes
// every value so that none can end its own quotes.
//
// The package needs the standard library only and keeps no state. A Package is
// not safe for concurrent changes.
package uci
