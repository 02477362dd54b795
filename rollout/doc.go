// Package rollout carries a change to many devices in waves: a few first, then
// more, each wave judged before the next one begins, stopped when the devices are
// worse than before, and taken back where that is wanted.
//
// The package knows neither devices nor changes. A Driver carries out what one
// device's Step means, says how far it is, and takes it back; a Gate says whether
// devices are worse than before. What the engine promises:
//
//   - A step is begun in the transaction that notes it: what Driver.Begin writes
//     to the database, rows and jobs, happens exactly once for each device,
//     whatever dies in between.
//   - Whatever node does the next turn of a rollout, it goes on from what is
//     stored; two nodes never do one turn twice.
//   - Devices that are away are taken when they return, until a deadline.
package rollout
