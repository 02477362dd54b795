// Package agent is the configuration agent of a device: it registers the device
// with a controller, watches for changes of its configuration, applies them,
// tests them and rolls back what does not work. It speaks the protocol and keeps
// the options, files, hooks and events of openwisp-config 1.1.0, on OpenWrt and
// on any other Linux.
//
// The parts can be used alone:
//
//   - Client makes the five requests of the protocol, without state: for load
//     generators and devices with an agent of their own.
//   - Unpack reads a configuration archive and refuses hostile ones.
//   - Updater puts an archive in place below a root directory as one
//     transaction that survives crashes and can be undone completely.
//   - Agent is the whole program. What surrounds it (transport, clock, service
//     reload, events, log, state) is replaceable through Deps.
//
// Section numbers in comments (§4.1, §6.3 …) are those of the project's
// specification of the agent.
package agent
