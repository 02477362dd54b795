// Package channel reaches devices through a channel: one WebSocket that a device
// keeps open to the server, so that nothing need lead to the device. Its Hub holds
// those of a node, is the Connector of the concern, and reaches the channels of
// other nodes through them. docs/channel.md describes the protocol; the device's
// end is package agent/channel.
package channel
