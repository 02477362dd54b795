// Package netjsonconfig turns NetJSON DeviceConfiguration objects into the
// native configuration of routers and VPN servers, and back.
//
// The way of a configuration:
//
//	templates + configuration → merge → variables → Config
//	Config → validate → converters → Native → renderer → text or archive
//	text or archive → parser → Native → converters → Config
//
// This package holds what every backend shares: merging, variables, files,
// the archive, validation errors and the registry. The backends themselves are
// values of type Backend and live in packages of their own: openwrt (OpenWrt
// and the firmware of OpenWISP 1) and vpn (OpenVPN, WireGuard, VXLAN over
// WireGuard and ZeroTier); package backends lists them all.
//
//	config, err := netjsonconfig.NewJSON(openwrt.Backend(), document, &netjsonconfig.Options{
//		Templates: templates,
//		Context:   map[string]any{"name": "ap-17"},
//	})
//	text, err := config.Render()
//	archive, err := config.Generate()
//
// A Config is immutable and safe for concurrent use; nothing a caller hands in
// is altered or kept. A backend of one's own is a Backend value with its schema,
// converters and renderer; a converter of one's own is one more element of a
// copied backend's Converters.
//
// Section numbers in comments (§3, §8.5 …) are those of the project's
// specification of the format.
package netjsonconfig
