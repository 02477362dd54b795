// Package firmware upgrades the firmware of devices: categories hold builds,
// builds hold images for types of hardware, and an upgrade operation brings one
// image onto one device, step by step, with a log that people can follow. A batch
// is a mass upgrade: one build for many devices, some at a time.
//
// What happens on the device is an Upgrader's; package firmware/openwrt has that
// of OpenWrt. Images lie in a blob.Store and are read as streams, never whole in
// memory. The package knows devices by the interface Fleet and reaches them by
// Reacher, so that any program which has devices can use it.
//
// An operation ends in a true state whatever happens to the server meanwhile: that
// flashing has begun is stored before it begins, and an operation that is taken up
// again then only looks what became of it.
//
// Storages are checked by package firmwaretest; firmwaresql has the one for
// PostgreSQL and SQLite, firmwarehttp the wire (spec: firmware; additions F-1 to
// F-11).
package firmware
