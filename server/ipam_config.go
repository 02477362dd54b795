package server

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam/ipamhttp"
	"github.com/wispwright/wispwright/kit/rest"
)

// IPAMConfig concerns subnets and addresses.
type IPAMConfig struct {
	// Rate limits callers with a token.
	Rate string `koanf:"rate" doc:"How often each user may call the API of this part with a token, such as 400/hour; none: no limit. Sessions of the web admin are not counted (REST_FRAMEWORK DEFAULT_THROTTLE_RATES ipam)."`
	// ImportLimit is the largest file.
	ImportLimit int64 `koanf:"import_limit" doc:"The largest file that is imported, in bytes."`
	// ReuseBlocks gives blocks again that subnet division took back.
	ReuseBlocks bool `koanf:"reuse_blocks" doc:"Whether subnet division gives blocks again that deleted devices left behind, before those behind the highest network."`
	// DirectAddresses allows rules that give addresses in the place of networks.
	DirectAddresses bool `koanf:"direct_addresses" doc:"Whether rules of subnet division may have no networks (number_of_subnets 0): their addresses are taken of the divided subnet itself."`
	// HideGenerated leaves what rules made out of lists.
	HideGenerated bool `koanf:"hide_generated" doc:"Whether lists of the web admin leave out the subnets and addresses that subnet division made, unless they are asked for (OPENWISP_CONTROLLER_HIDE_AUTOMATICALLY_GENERATED_SUBNETS_AND_IPS)."`
	// WarnBelow is when people are told that subnet division runs out of room.
	WarnBelow int64 `koanf:"warn_below" doc:"For how many further devices a subnet that is divided has room when people are told; -1: they are told when it is full only."`
}

// defaultIPAMConfig returns the settings that nobody has configured.
func defaultIPAMConfig() IPAMConfig {
	return IPAMConfig{Rate: ipamhttp.DefaultRate, ImportLimit: 32 << 20, WarnBelow: 10}
}

// Check returns what is wrong with the settings, by key.
func (c *IPAMConfig) Check() error {
	e := &wispwright.ValidationError{}
	if c.Rate != "none" {
		if _, err := rest.NewThrottle(c.Rate, nil); err != nil || c.Rate == "" {
			e.Add("rate", "want a number, a slash and second, minute, hour or day, or none")
		}
	}
	leastNumber{"import_limit", c.ImportLimit, 1}.check(e)
	leastNumber{"warn_below", c.WarnBelow, -1}.check(e)
	return e.Err()
}
