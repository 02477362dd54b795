// Package netjsoncli is the command netjsonconfig: configurations from the
// command line, with the options, output and exit statuses that scripts around
// the original command rely on (§17). Errors go to standard output, as there.
//
//	netjsonconfig -b openwrt -m render -c config.json -t base.json
package netjsoncli
