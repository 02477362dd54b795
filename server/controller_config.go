package server

import (
	"time"

	"github.com/wispwright/wispwright"
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
	// WrongSecrets bounds guessing.
	WrongSecrets int `koanf:"wrong_secrets" doc:"Registrations with a wrong secret an address may send in a minute; -1: any number."`
	// VersionAge is how long the history of configurations is kept.
	VersionAge time.Duration `koanf:"version_age" doc:"How long versions of configurations, and what templates contained for them, are kept; the newest of each device stays. 0: for ever."`
	// SeenInterval bounds what a crash forgets.
	SeenInterval time.Duration `koanf:"seen_interval" doc:"How often it is written when devices were heard of last; what a crash loses of it."`
	// SilentAfter is when a device counts as silent.
	SilentAfter time.Duration `koanf:"silent_after" doc:"How long after its last request a device counts as silent: three polls of its agent, say."`
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
		Context: map[string]any{}, WrongSecrets: 60, VersionAge: 365 * 24 * time.Hour,
		SeenInterval: 30 * time.Second, SilentAfter: 6 * time.Minute, CachedDevices: 100_000, CachedArchives: 32 << 20,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *ControllerConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"wrong_secrets", int64(c.WrongSecrets), -1},
		{"version_age", int64(c.VersionAge), 0},
		{"seen_interval", int64(c.SeenInterval), int64(time.Second)},
		{"silent_after", int64(c.SilentAfter), int64(time.Second)},
		{"cached_devices", int64(c.CachedDevices), 1},
		{"cached_archives", int64(c.CachedArchives), 1},
	} {
		n.check(e)
	}
	if d := c.DeactivatedRegistration; d != "refuse" && d != "accept" {
		e.Add("deactivated_registration", "must be refuse or accept")
	}
	return e.Err()
}
