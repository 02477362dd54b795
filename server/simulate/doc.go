// Package simulate is a fleet of simulated devices: each registers, asks for
// its checksum at an interval, downloads what is new, checks it against the
// checksum and reports it as applied, all over HTTP as a real agent does.
//
// It answers "how many devices can this machine serve?" for people who plan an
// installation, and is the project's own load generator. A fleet of 10,000
// devices needs a few dozen megabytes: devices are rows in a queue ordered by
// time, served by a fixed number of workers.
package simulate
