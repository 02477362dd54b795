// Package controller is configuration management: devices, their
// configurations, the templates these are made of, variables, and the protocol
// by which devices register, fetch their configuration and report back
// (spec: controller-config).
//
// A Controller is made by New over Stores and a render.Renderer. Its services hold
// every rule once; storage, rendering, the job queue, variables of other
// concerns and the history are interfaces.
//
//	Devices    devices with their configuration: create, list, change, delete,
//	           activate, preview
//	Agents     the device protocol: Register, Checksum, Download, UpdateInfo,
//	           ReportStatus
//	Templates  pieces of configuration, and their fan-out to devices
//	Settings   what an organization decides: secret, registration, variables, limit
//	Versions   the immutable history of what every device was to run
//
// # How bytes and checksums belong together
//
// A configuration is rendered when something that determines it changes, never
// when a device asks. The outcome is a Version: the inputs and the checksum of
// the archive they give. Config.Desired is the checksum of the newest version,
// Config.Served that of the archive the device fetched last, Config.Reported
// that of the one it says it runs. A status is modified only when bytes
// changed, and applied means that the three agree. When a version cannot be
// made any more, Config.NotRenewed says since when, and the last one is served.
//
// # Errors
//
// A *wispwright.ValidationError names fields as the REST API does: "name",
// "config" for the whole nested configuration, "config.templates" for a choice
// in it, "" for the device or template as a whole. A broken rule of uniqueness
// carries a *wispwright.ConflictError beside it (errors.As finds both), so that
// an API may word it its own way. Foreign and unknown ids of other objects are
// validation errors, objects outside the Scope wispwright.ErrNotFound.
package controller
