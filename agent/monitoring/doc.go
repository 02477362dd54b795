// Package monitoring collects what a device measures of itself and sends it to
// a controller: the work of openwisp-monitoring and netjson-monitoring 0.2.1
// (spec: agent-monitoring).
//
// A Collector makes NetJSON DeviceMonitoring documents, from ubus where OpenWrt
// runs and from netlink, nl80211, /proc and /sys on any other Linux. A Spool
// keeps them until a Sender has delivered them. Each is usable without the
// others; Agent puts the three together.
package monitoring
