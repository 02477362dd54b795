package monitoring

// Document is one NetJSON DeviceMonitoring object (spec: agent-monitoring §4).
// What is unknown is left out.
type Document struct {
	// Type is always "DeviceMonitoring".
	Type string `json:"type"`
	// General says which device, and when.
	General General `json:"general"`
	// Resources are what the device has of everything, and how much is in use.
	Resources Resources `json:"resources"`
	// DNSServers and DNSSearch are those of the networks.
	DNSServers []string `json:"dns_servers,omitempty"`
	DNSSearch  []string `json:"dns_search,omitempty"`
	// Leases are addresses the device lent out.
	Leases []Lease `json:"dhcp_leases,omitempty"`
	// Neighbors are the hosts beside the device.
	Neighbors []Neighbor `json:"neighbors,omitempty"`
	// Interfaces are all network devices but the loopback, by name.
	Interfaces []Interface `json:"interfaces,omitempty"`
	// LLDP is what lldpd knows of the device's cables; nil without lldpd.
	LLDP *LLDP `json:"lldp,omitempty"`
}

// General says which device a document is of.
type General struct {
	// Hostname is the device's name.
	Hostname string `json:"hostname"`
	// LocalTime is in seconds since 1970, shifted by the offset of the local time.
	LocalTime int64 `json:"local_time"`
	// Uptime is in seconds.
	Uptime int64 `json:"uptime"`
}

// Resources are memory, processors and disks.
type Resources struct {
	// Load are the averages of one, five and fifteen minutes.
	Load []float64 `json:"load,omitempty"`
	// CPUs is the number of processors.
	CPUs int `json:"cpus"`
	// Memory and Swap are in bytes: total, free, shared, buffered, available,
	// cached; total and free.
	Memory map[string]int64 `json:"memory,omitempty"`
	Swap   map[string]int64 `json:"swap,omitempty"`
	// Disks are the file systems.
	Disks []Disk `json:"disk"`
}

// Disk is one mounted file system; sizes are in bytes.
type Disk struct {
	Filesystem  string `json:"filesystem"`
	MountPoint  string `json:"mount_point"`
	Size        int64  `json:"size_bytes"`
	Used        int64  `json:"used_bytes"`
	Available   int64  `json:"available_bytes"`
	UsedPercent int    `json:"used_percent"`
}

// Lease is an address that a DHCP server lent out.
type Lease struct {
	// Expiry is in seconds since 1970; 0 for never.
	Expiry     int64  `json:"expiry"`
	MAC        string `json:"mac"`
	IP         string `json:"ip"`
	ClientName string `json:"client_name"`
	ClientID   string `json:"client_id"`
}

// Neighbor is an entry of the ARP and NDP tables.
type Neighbor struct {
	IP string `json:"ip"`
	// MAC is left out for hosts that do not answer.
	MAC       string `json:"mac,omitempty"`
	Interface string `json:"interface"`
	// State is REACHABLE, STALE, FAILED and so on, "" when it is unknown.
	State string `json:"state"`
}

// Interface is a network device.
type Interface struct {
	Name string `json:"name"`
	// Type is ethernet, wireless, bridge, vlan, virtual, modem-manager, other.
	Type       string `json:"type"`
	Up         bool   `json:"up"`
	MAC        string `json:"mac"`
	MTU        int    `json:"mtu,omitempty"`
	TxQueueLen int    `json:"txqueuelen,omitempty"`
	// Speed is in Mbit/s with F or H for the duplex: "1000F"; "-1F" without link.
	Speed string `json:"speed,omitempty"`
	// Multicast is whether the device sends to groups.
	Multicast bool `json:"multicast"`
	// LinkSupported are the modes of an ethernet device: "100baseT-F".
	LinkSupported []string `json:"link_supported,omitempty"`
	// BridgeMembers are the devices a bridge joins; STP is whether it watches
	// for loops, nil when that is not known.
	BridgeMembers []string `json:"bridge_members,omitempty"`
	STP           *bool    `json:"stp,omitempty"`
	// Statistics are the kernel's counters; of access points from the users'
	// point of view.
	Statistics map[string]uint64 `json:"statistics,omitempty"`
	Addresses  []Address         `json:"addresses,omitempty"`
	Wireless   *Wireless         `json:"wireless,omitempty"`
	Mobile     *Mobile           `json:"mobile,omitempty"`
}

// Address is an address of an interface.
type Address struct {
	Address string `json:"address"`
	// Mask is the length of the prefix.
	Mask int `json:"mask"`
	// Proto says where it is from: static, dhcp, wireguard and so on.
	Proto string `json:"proto"`
	// Family is ipv4 or ipv6.
	Family  string `json:"family"`
	Gateway string `json:"gateway,omitempty"`
}

// Wireless is what a radio says of an interface. What the server insists on is
// always there.
type Wireless struct {
	SSID      string `json:"ssid"`
	Channel   int    `json:"channel"`
	Frequency int    `json:"frequency"` // MHz
	TxPower   int    `json:"tx_power"`  // dBm
	Country   string `json:"country"`
	// Mode is access_point, station, 802.11s, adhoc, or what the radio calls it.
	Mode   string `json:"mode"`
	HTMode string `json:"htmode,omitempty"`
	Noise  int    `json:"noise"` // dBm
	// Signal is in dBm, Bitrate in kbit/s; nil when they are unknown.
	Signal     *int `json:"signal,omitempty"`
	Quality    *int `json:"quality,omitempty"`
	QualityMax *int `json:"quality_max,omitempty"`
	Bitrate    *int `json:"bitrate,omitempty"`
	// Clients are the stations, left out when there are none.
	Clients []Client `json:"clients,omitempty"`
}

// Client are the properties of a station: mac, auth, authorized, ht, vht, wmm
// and mfp in any case, and whatever else the driver or hostapd knows.
type Client map[string]any

// Mobile is what a modem says of itself.
type Mobile struct {
	IMEI             string `json:"imei,omitempty"`
	OperatorName     string `json:"operator_name,omitempty"`
	OperatorCode     string `json:"operator_code,omitempty"`
	Manufacturer     string `json:"manufacturer,omitempty"`
	Model            string `json:"model,omitempty"`
	ConnectionStatus string `json:"connection_status,omitempty"`
	PowerStatus      string `json:"power_status,omitempty"`
	// Signal are the values of each technology: gsm, cdma1x, evdo, umts, lte, 5g.
	Signal map[string]map[string]float64 `json:"signal,omitempty"`
}

// invert turns the counters of an access point round: what the radio received
// is what its users sent. A counter that only one direction has changes its name
// and is gone under the old one, as the original has it (§4.6).
func invert(s map[string]uint64) map[string]uint64 {
	out := make(map[string]uint64, len(s))
	for k, v := range s {
		if len(k) > 3 && k[:3] == "rx_" {
			out["tx_"+k[3:]] = v
		} else if len(k) <= 3 || k[:3] != "tx_" {
			out[k] = v
		}
	}
	for k, v := range s {
		if len(k) > 3 && k[:3] == "tx_" {
			_, both := s["rx_"+k[3:]]
			if both {
				out["rx_"+k[3:]] = v
			} else if _, taken := out[k]; !taken {
				out[k] = v
			}
		}
	}
	return out
}
