//go:build !linux

package vpnhost

import "context"

type userDevice struct{}

// Apply implements Driver.
func (w *WireGuard) Apply(context.Context, *Bundle) error { return ErrUnsupported }

// Revoke implements Driver.
func (w *WireGuard) Revoke(context.Context, *Bundle) error { return nil }

// Status implements Driver.
func (w *WireGuard) Status(context.Context, *Bundle) (string, []Peer, error) {
	return "", nil, ErrUnsupported
}

// Disconnect implements Driver.
func (w *WireGuard) Disconnect(context.Context, *Bundle, ...string) error { return nil }

// Remove implements Driver.
func (w *WireGuard) Remove(context.Context, *Bundle) error { return ErrUnsupported }

// Close ends the interfaces of this process.
func (w *WireGuard) Close() error { return nil }
