package openwrt

import (
	"strconv"

	njc "github.com/wispwright/wispwright/netjsonconfig"
)

// readPackages keeps what no other converter took (§9).
func readPackages(r *njc.Reverse) error {
	named := map[[2]string]int{} // blocks of one name, which merging would take for one
	for _, s := range r.Sections {
		if name := s.Text("name"); name != "" {
			named[[2]string{s.Type, name}]++
		}
	}
	for i, s := range r.Sections {
		o := objectOf(s)
		o.Set("config_name", s.Type)
		if s.Name != s.Type+"_"+strconv.Itoa(i+1) || named[[2]string{s.Type, s.Text("name")}] > 1 {
			o.Set("config_value", s.Name)
		}
		r.Left(s)
		appendTo(r.Config, blocksOf(r.Package), o)
	}
	return nil
}
