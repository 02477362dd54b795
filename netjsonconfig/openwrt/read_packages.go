package openwrt

import (
	"strconv"

	njc "github.com/wispwright/wispwright/netjsonconfig"
)

// readPackages keeps what no other converter took (§9).
func readPackages(r *njc.Reverse) error {
	for i, s := range r.Sections {
		o := objectOf(s)
		o.Set("config_name", s.Type)
		if s.Name != s.Type+"_"+strconv.Itoa(i+1) {
			o.Set("config_value", s.Name)
		}
		appendTo(r.Config, blocksOf(r.Package), o)
	}
	return nil
}
