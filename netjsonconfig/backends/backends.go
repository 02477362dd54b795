// Package backends lists the backends this project brings.
package backends

import (
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

// Default returns a registry of all backends, to which a program may add its
// own. Every call returns a registry of its own.
func Default() *njc.Registry {
	r := new(njc.Registry)
	for _, b := range []*njc.Backend{openwrt.Backend(), openwrt.Legacy()} {
		if err := r.Register(b); err != nil {
			panic(err) // two backends of ours with one key: found by this package's test
		}
	}
	return r
}
