package server

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// ControllerConfig concerns devices and their configurations.
type ControllerConfig struct {
	// Registration lets devices register at all.
	Registration bool `koanf:"registration" doc:"Let devices register by themselves, where their organization allows it (OPENWISP_CONTROLLER_REGISTRATION_ENABLED)."`
	// ConsistentKeys derives keys from the hardware address.
	ConsistentKeys bool `koanf:"consistent_keys" doc:"Derive the key of a device from its MAC address or hardware id and the shared secret (…_CONSISTENT_REGISTRATION)."`
	// SelfCreation lets unknown devices register.
	SelfCreation bool `koanf:"self_creation" doc:"Let devices register that nobody entered before (…_REGISTRATION_SELF_CREATION)."`
	// AdoptKnown lets a reset device take its record over.
	AdoptKnown bool `koanf:"adopt_known" doc:"Let a device that comes back with the consistent key of a changed secret take over the record with its MAC address or hardware id in the secret's organization."`
	// DeactivatedRegistration says how deactivated devices are answered.
	DeactivatedRegistration string `koanf:"deactivated_registration" doc:"How a deactivated device that registers is answered: refuse (403) or accept, as OpenWISP did up to 24.11."`
	// UniqueNames forbids two devices of one name.
	UniqueNames bool `koanf:"unique_names" doc:"Two devices of an organization may not share a name (…_DEVICE_NAME_UNIQUE)."`
	// HardwareID makes the hardware id matter.
	HardwareID bool `koanf:"hardware_id" doc:"Devices have a hardware id, from which the key is derived (…_HARDWARE_ID_ENABLED)."`
	// SharedManagementNetwork gives an address to one device only.
	SharedManagementNetwork bool `koanf:"shared_management_network" doc:"All organizations share one management network, so that an address belongs to one device (…_SHARED_MANAGEMENT_IP_ADDRESS_SPACE)."`
	// Context are the variables of all devices.
	Context map[string]any `koanf:"context" doc:"Variables of all devices, with the lowest precedence but the defaults of templates; in the environment a JSON object (…_CONTEXT)."`
	// GroupSchema is what the metadata of groups must be.
	GroupSchema map[string]any `koanf:"group_schema" doc:"JSON Schema of the metadata of device groups; in the environment a JSON object (…_DEVICE_GROUP_SCHEMA)."`
	// NewerSystems recognises systems with DSA.
	NewerSystems []string `koanf:"newer_systems" doc:"Regular expressions of operating systems that are OpenWrt from 21.02 on, beside those that say so themselves (…_DSA_OS_MAPPING)."`
	// OlderSystems recognises systems without DSA.
	OlderSystems []string `koanf:"older_systems" doc:"Regular expressions of operating systems that are OpenWrt before 21.02 (…_DSA_OS_MAPPING)."`
	// AssumeNewer decides on what nobody recognises.
	AssumeNewer bool `koanf:"assume_newer" doc:"Take operating systems that nobody recognises for OpenWrt from 21.02 on (…_DSA_DEFAULT_FALLBACK)."`
	// WrongSecrets bounds guessing.
	WrongSecrets int `koanf:"wrong_secrets" doc:"Registrations with a wrong secret an address may send in a minute; -1: any number."`
	// VersionAge is how long the history of configurations is kept.
	VersionAge time.Duration `koanf:"version_age" doc:"How long versions of configurations, and what templates contained for them, are kept; the newest of each device stays. 0: for ever."`
	// DeletedAge is how long deleted objects can come back.
	DeletedAge time.Duration `koanf:"deleted_age" doc:"How long deleted devices and templates are kept and can be recovered. 0: they are not."`
	// SeenInterval bounds what a crash forgets.
	SeenInterval time.Duration `koanf:"seen_interval" doc:"How often it is written when devices were heard of last; what a crash loses of it."`
	// SilentAfter is when a device counts as silent.
	SilentAfter time.Duration `koanf:"silent_after" doc:"How long after its last request a device counts as silent: three polls of its agent, say."`
	// WHOISEnabled looks addresses up.
	WHOISEnabled bool `koanf:"whois_enabled" doc:"Look up who operates the public addresses of devices, in organizations that did not choose (…_WHOIS_ENABLED)."`
	// WHOISAccount and WHOISKey are the credentials of the service.
	WHOISAccount string            `koanf:"whois_account" doc:"The account at MaxMind whose web service is asked (…_WHOIS_GEOIP_ACCOUNT)."`
	WHOISKey     wispwright.Secret `koanf:"whois_key" doc:"Its licence key (…_WHOIS_GEOIP_KEY)."`
	// WHOISURL and WHOISNetworks are where the service is.
	WHOISURL      string   `koanf:"whois_url" doc:"The address of the service, which ends with a slash. Empty: MaxMind's."`
	WHOISNetworks []string `koanf:"whois_networks" doc:"Private networks in which it may be, such as 10.1.0.0/16. Empty: none."`
	// WHOISDatabases are files that are asked instead.
	WHOISDatabases []string `koanf:"whois_databases" doc:"Files in MaxMind's format (GeoLite2-City.mmdb, GeoLite2-ASN.mmdb) that are asked in the place of the service; nothing leaves the server then."`
	// WHOISThreshold is how long what was found is believed.
	WHOISThreshold time.Duration `koanf:"whois_threshold" doc:"After which time an address is looked up anew, and after which what no device points to is deleted (…_WHOIS_REFRESH_THRESHOLD_DAYS)."`
	// CachedDevices bounds memory.
	CachedDevices int `koanf:"cached_devices" doc:"Devices kept in memory, about 400 bytes each."`
	// CachedArchives bounds memory.
	CachedArchives int `koanf:"cached_archives" doc:"Bytes of configuration archives kept in memory."`
}

// DefaultControllerConfig returns the settings of configuration management that
// nobody has configured.
func DefaultControllerConfig() ControllerConfig {
	return ControllerConfig{
		Registration: true, DeactivatedRegistration: "refuse", ConsistentKeys: true, SelfCreation: true, AdoptKnown: true, UniqueNames: true, SharedManagementNetwork: true,
		Context: map[string]any{}, GroupSchema: map[string]any{}, NewerSystems: []string{}, OlderSystems: []string{}, AssumeNewer: true, WrongSecrets: 60, VersionAge: 365 * 24 * time.Hour, DeletedAge: 90 * 24 * time.Hour,
		SeenInterval: 30 * time.Second, SilentAfter: 6 * time.Minute, WHOISNetworks: []string{}, WHOISDatabases: []string{}, WHOISThreshold: 90 * 24 * time.Hour, CachedDevices: 100_000, CachedArchives: 32 << 20,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *ControllerConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"wrong_secrets", int64(c.WrongSecrets), -1},
		{"version_age", int64(c.VersionAge), 0},
		{"deleted_age", int64(c.DeletedAge), 0},
		{"seen_interval", int64(c.SeenInterval), int64(time.Second)},
		{"silent_after", int64(c.SilentAfter), int64(time.Second)},
		{"cached_devices", int64(c.CachedDevices), 1},
		{"cached_archives", int64(c.CachedArchives), 1},
	} {
		n.check(e)
	}
	c.checkWHOIS(e)
	if d := c.DeactivatedRegistration; d != "refuse" && d != "accept" {
		e.Add("deactivated_registration", "must be refuse or accept")
	}
	if _, err := c.groupSchema(); err != nil {
		e.Add("group_schema", err.Error())
	}
	if _, err := patterns(c.NewerSystems); err != nil {
		e.Add("newer_systems", err.Error())
	}
	if _, err := patterns(c.OlderSystems); err != nil {
		e.Add("older_systems", err.Error())
	}
	return e.Err()
}

// groupSchema is the schema as text; empty for that of any object.
func (c *ControllerConfig) groupSchema() (wispwright.JSON, error) {
	if len(c.GroupSchema) == 0 {
		return "", nil
	}
	text, err := json.Marshal(c.GroupSchema)
	if err != nil {
		return "", err
	}
	_, err = schema.CompileJSON(text, nil)
	return wispwright.JSON(text), err
}

// renderer makes native configuration as the settings say.
func (c *ControllerConfig) renderer() (render.Renderer, error) {
	newer, err := patterns(c.NewerSystems)
	if err != nil {
		return nil, fmt.Errorf("controller.newer_systems: %w", err)
	}
	older, err := patterns(c.OlderSystems)
	if err != nil {
		return nil, fmt.Errorf("controller.older_systems: %w", err)
	}
	return render.New(&render.Options{Newer: newer, Older: older, AssumeOlder: !c.AssumeNewer}), nil
}

func patterns(list []string) (out []*regexp.Regexp, err error) {
	for _, text := range list {
		p, err := regexp.Compile(text)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
