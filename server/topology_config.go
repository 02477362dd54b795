package server

import (
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/topology"
)

// TopologyConfig concerns topologies.
type TopologyConfig struct {
	// Timeout ends a fetch.
	Timeout time.Duration `koanf:"timeout" doc:"How long fetching a topology may take (OPENWISP_NETWORK_TOPOLOGY_TIMEOUT)."`
	// LinkExpiration and NodeExpiration are how long what is gone is kept.
	LinkExpiration int `koanf:"link_expiration" doc:"Links that are down are deleted after so many days; 0: never (OPENWISP_NETWORK_TOPOLOGY_LINK_EXPIRATION)."`
	NodeExpiration int `koanf:"node_expiration" doc:"Nodes without links that nobody names are deleted after so many days; 0: never, as also when link_expiration is 0 (OPENWISP_NETWORK_TOPOLOGY_NODE_EXPIRATION)."`
	// HistoryDays is how long history is kept.
	HistoryDays int `koanf:"history_days" doc:"Snapshots and the history of links are deleted after so many days; 0: never."`
	// AuthRequired closes the read API to strangers.
	AuthRequired bool `koanf:"auth_required" doc:"Reading topologies needs a log-in; false: everybody reads what is published, but no keys (OPENWISP_NETWORK_TOPOLOGY_API_AUTH_REQUIRED)."`
	// HideKeys shows keys to few.
	HideKeys bool `koanf:"hide_keys" doc:"Show the keys of topologies only to those who may change them. OpenWISP shows them to all who see the topology."`
	// BaseURL begins the addresses of senders.
	BaseURL string `koanf:"api_base_url" doc:"Where senders reach this server, such as https://api.example.org. Empty: where the request came to (OPENWISP_NETWORK_TOPOLOGY_API_BASEURL)."`
	// UpdateInterval and SnapshotInterval are how often the work is done.
	UpdateInterval   time.Duration `koanf:"update_interval" doc:"How often topologies are fetched; 0: only on demand (cron of update_topology)."`
	SnapshotInterval time.Duration `koanf:"snapshot_interval" doc:"How often the day's snapshot is taken anew; 0: only on demand (cron of save_snapshot)."`
	// FetchNetworks are private networks that may be fetched from.
	FetchNetworks []string `koanf:"fetch_networks" doc:"Private networks that topologies may be fetched from, as 10.1.0.0/16. Empty: none."`
	// WifiMesh makes topologies of WiFi meshes, every WifiMeshInterval of what is not older than WifiMeshAge.
	WifiMesh         bool          `koanf:"wifi_mesh" doc:"Make and update topologies of WiFi meshes (802.11s) from what devices report to monitoring (OPENWISP_NETWORK_TOPOLOGY_WIFI_MESH_INTEGRATION)."`
	WifiMeshInterval time.Duration `koanf:"wifi_mesh_interval" doc:"How often that is done; 0: only on demand (cron of create_mesh_topology)."`
	WifiMeshAge      time.Duration `koanf:"wifi_mesh_age" doc:"Reports that are older say nothing of meshes (discard_older_data_time of create_mesh_topology)."`
	// LLDP makes topologies of cables, every LLDPInterval of what is not older than LLDPAge.
	LLDP         bool          `koanf:"lldp" doc:"Make and update a topology of each organization's cables (layer 2) from what lldpd on its devices hears and our agent reports to monitoring."`
	LLDPInterval time.Duration `koanf:"lldp_interval" doc:"How often that is done; 0: only on demand (wispwright topology cables)."`
	LLDPAge      time.Duration `koanf:"lldp_age" doc:"Reports that are older say nothing of cables."`
	// MaxBytes and MaxObjects bound data.
	MaxBytes   int64 `koanf:"max_bytes" doc:"The largest data that are received or fetched, in bytes."`
	MaxObjects int   `koanf:"max_objects" doc:"How many nodes, and how many links, a topology has at most."`
}

// defaultTopologyConfig returns the settings that nobody has configured.
func defaultTopologyConfig() TopologyConfig {
	return TopologyConfig{
		Timeout: 8 * time.Second, LinkExpiration: 60, HistoryDays: 3 * 365, AuthRequired: true, UpdateInterval: 5 * time.Minute, SnapshotInterval: time.Hour,
		FetchNetworks: []string{}, WifiMeshInterval: 5 * time.Minute, WifiMeshAge: 6 * time.Minute, LLDPInterval: 5 * time.Minute, LLDPAge: 6 * time.Minute,
		MaxBytes: 16 << 20, MaxObjects: 100_000,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *TopologyConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"timeout", int64(c.Timeout), int64(time.Millisecond)},
		{"link_expiration", int64(c.LinkExpiration), 0},
		{"node_expiration", int64(c.NodeExpiration), 0},
		{"history_days", int64(c.HistoryDays), 0},
		{"update_interval", int64(c.UpdateInterval), 0},
		{"snapshot_interval", int64(c.SnapshotInterval), 0},
		{"wifi_mesh_interval", int64(c.WifiMeshInterval), 0},
		{"wifi_mesh_age", int64(c.WifiMeshAge), int64(time.Second)},
		{"lldp_interval", int64(c.LLDPInterval), 0},
		{"lldp_age", int64(c.LLDPAge), int64(time.Second)},
		{"max_bytes", c.MaxBytes, 1024},
		{"max_objects", int64(c.MaxObjects), 1},
	} {
		n.check(e)
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		e.Add("api_base_url", "want an address such as https://api.example.org")
	}
	if _, err := newGuard(c.FetchNetworks, c.Timeout); err != nil {
		e.Add("fetch_networks", err.Error())
	}
	return e.Err()
}

// expiry is what is deleted because it is old.
func (c *TopologyConfig) expiry() topology.Expiry {
	const day = 24 * time.Hour
	return topology.Expiry{Links: time.Duration(c.LinkExpiration) * day, Nodes: time.Duration(c.NodeExpiration) * day, History: time.Duration(c.HistoryDays) * day}
}
