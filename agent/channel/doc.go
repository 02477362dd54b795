// Package channel is the device's end of the channel: one WebSocket that a device
// keeps open to its controller, through which the controller runs commands, writes
// files, opens terminals and tells of a changed configuration. docs/channel.md
// describes the protocol; package controller/connection/channel is the other end.
package channel
