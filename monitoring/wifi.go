package monitoring

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// WifiClient is a machine that was seen at an access point (spec: monitoring §2.7).
type WifiClient struct {
	// MACAddress identifies it, as it was first told.
	MACAddress string
	// Vendor is who made it, "" if that is unknown.
	Vendor string
	// HE, VHT and HT say whether it speaks WiFi 6, 5 and 4; nil: unknown.
	HE, VHT, HT *bool
	// WMM, WDS and WPS are further abilities.
	WMM, WDS, WPS bool
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// WifiClientShape is how storages keep clients.
func WifiClientShape() store.Shape {
	return store.Shape{Table: "monitoring_wifi_client", Key: "MACAddress", Order: store.Newest("Created"), Search: []string{"MACAddress", "Vendor"}}
}

// WifiClientFilter selects clients; zero fields select all.
type WifiClientFilter struct {
	// MACAddresses limits to some.
	MACAddresses wispwright.Among[string]
	// Search finds a part of the address or the vendor.
	Search string
}

// WifiSession is the time for which a client was at an interface of a device
// (spec: monitoring §2.8).
type WifiSession struct {
	// ID identifies the session.
	ID wispwright.ID
	// OrganizationID is the device's.
	OrganizationID wispwright.ID
	// DeviceID is the access point.
	DeviceID wispwright.ID
	// MACAddress is the client's.
	MACAddress string
	// SSID is the name of the network.
	SSID string
	// InterfaceName is the device's interface.
	InterfaceName string
	// StartTime is when the client was seen first.
	StartTime time.Time
	// StopTime is when it was seen no more; nil while it is there.
	StopTime *time.Time
	// Modified is when the session was stored last.
	Modified time.Time
}

// UniqueSession is the rule that a client is at an interface once at a time.
const UniqueSession = "monitoring_wifi_session_open"

// WifiSessionShape is how storages keep sessions.
func WifiSessionShape() store.Shape {
	return store.Shape{
		Table: "monitoring_wifi_session", Org: "OrganizationID", Order: store.Newest("StartTime"), Search: []string{"MACAddress", "SSID", "InterfaceName"},
		Parents: []store.Parent{{Field: "MACAddress", Table: "monitoring_wifi_client"}},
	}
}

// WifiSessionFilter selects sessions; zero fields select all.
type WifiSessionFilter struct {
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// DeviceID limits to one device, DeviceIDs to some.
	DeviceID  wispwright.ID
	DeviceIDs wispwright.Among[wispwright.ID]
	// MACAddress limits to one client.
	MACAddress string
	// Open limits to sessions that go on, or that ended.
	Open *bool
	// StartTime limits to one moment; From: that moment or later, After: later,
	// Until: that moment or earlier, Before: earlier.
	StartTime, StartTimeFrom, StartTimeAfter, StartTimeUntil, StartTimeBefore time.Time
	// StopTime is the same of the end.
	StopTime, StopTimeFrom, StopTimeAfter, StopTimeUntil, StopTimeBefore time.Time
	// Search finds a part of the address, the network's name or the interface.
	Search string
}

// isMAC reports whether a text is the address of a client.
func isMAC(s string) bool {
	if len(s) != 17 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i%3 == 2 {
			if c != ':' && c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
