package whois

import (
	"context"
	"errors"
	"net/netip"
)

// Provider answers who operates an address and where it is.
type Provider interface {
	// Lookup asks for an address. The errors below are final; after any other the
	// question is asked again.
	Lookup(ctx context.Context, address netip.Addr) (*Answer, error)
}

// What a provider says when asking again changes nothing.
var (
	// ErrUnknown is returned for an address the provider knows nothing of.
	ErrUnknown = errors.New("the address is not known to the service")
	// ErrRefused is returned when the provider does not accept the credentials.
	ErrRefused = errors.New("the service refuses the account or its key")
	// ErrQuota is returned when the account has no lookups left.
	ErrQuota = errors.New("the account has no lookups left")
	// ErrForbidden is returned when the account may not use the service.
	ErrForbidden = errors.New("the account may not use the service")
)

// final reports whether asking again changes nothing.
func final(err error) bool {
	for _, known := range []error{ErrUnknown, ErrRefused, ErrQuota, ErrForbidden} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
