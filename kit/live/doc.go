// Package live tells people who look at a page what has just happened: one hub
// carries small messages from the concerns, over all nodes, to WebSockets.
//
// A concern declares a Topic: which callers may open a socket and of which groups it
// hears (an organization, a device, a user), and how an event becomes a text
// frame. It publishes events that name what changed, by ids only; each node
// with a listener reads the rest from the database once. Nothing that happens
// waits for a socket: queues are bounded, a client that does not read is cut,
// and one that missed something is told so.
//
// Spec: notifications §8, connection §7, geo §8, topology §3.
package live
