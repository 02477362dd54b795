package wispwright

import "context"

// Bus carries short messages between the nodes of an installation, such as
// what to forget. *sqlstore.DB is one.
type Bus interface {
	// Notify tells every listener, those of this node too, after the commit of
	// the context's transaction and never when it is rolled back. The payload is
	// limited to 7,000 bytes.
	Notify(ctx context.Context, channel, payload string) error
	// Listen calls fn for every notification until the context ends, with an
	// empty payload when some may have been missed. fn must return quickly.
	Listen(ctx context.Context, channel string, fn func(payload string)) error
}
