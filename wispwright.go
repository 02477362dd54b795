// Package wispwright is the vocabulary shared by every package of the
// Wispwright network management system: identifiers, the Scope and Caller that
// every operation is limited by, secrets that cannot leak by accident, the
// errors a service may return, pages of lists, the small storage interfaces
// and the transaction contract.
//
// It imports the standard library only, holds no state and knows no concern.
// Start reading at the concern you need (controller, tenancy, …): its README
// says what it is for and its example shows it at work.
package wispwright

// Version is the release of the library and of the programs built from it.
const Version = "0.1.0"
