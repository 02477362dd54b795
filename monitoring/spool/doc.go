// Package spool keeps documents of devices in files while the store they belong into is
// away, and hands them on in the order in which they came. What was put is durable;
// nothing that was taken is ever thrown away, so a full spool refuses: documents of
// the past first, at half of its size, as devices keep those themselves, then all.
package spool
