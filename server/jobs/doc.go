// Package jobs runs work in the background: inserted in the transaction that
// causes it, repeated until it succeeds, on any number of nodes.
//
// It is a small layer over river, which nothing else in the project knows. A
// Kind describes a job, Kind.Handle says what it does, Kind.Insert asks for it.
// Two promises go beyond river's own:
//
//   - A job whose effect is in the database runs its last step with Complete:
//     the effect and "done" are one transaction, so a crash never doubles it.
//     A job whose effect lies elsewhere, such as an e-mail, is written down as
//     done when its handler returns: only a process that dies between the effect
//     and that commit, some milliseconds, repeats it.
//   - A kind with a Key has at most one job per key waiting or running, and
//     always runs once more when it was asked for while it ran.
package jobs
