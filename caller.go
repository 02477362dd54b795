package wispwright

import (
	"context"
	"slices"
)

// Permission is what a caller may do with a kind of object, written
// "<app label>.<action>_<model>" such as "config.change_device"
// (spec: tenancy §1.7). Actions are add, change, delete and view.
type Permission string

// Caller is the one that asks: a user, a device or the system itself. It is resolved
// once per request and never changed afterwards.
type Caller struct {
	// ID of the user; zero for the system and for devices.
	ID ID
	// Name is shown in the audit trail: the username, "system", a device's name.
	Name string
	// Superuser may do everything everywhere.
	Superuser bool
	// Staff may use the web admin.
	Staff bool
	// Permissions are the user's own and those of the user's groups, sorted.
	Permissions []Permission
	// Managed are the active organizations the user manages.
	Managed []ID
	// Member are the active organizations the user belongs to.
	Member []ID
	// Owned are the active organizations the user owns.
	Owned []ID
	// Restricted says what the caller has to do before anything else, as a
	// sentence to show: to choose a new password, for instance. Empty: nothing.
	Restricted string
	// Refusal is answered in place of {"detail": Restricted}, as JSON; nil for that.
	Refusal any
	// Method says how the caller proved itself: "token", "session", "device", "system".
	Method string
	// Address is the caller's network address without port, if known.
	Address string
}

// System is the caller of background work and of the command line.
func System(cause string) *Caller {
	return &Caller{Name: cause, Superuser: true, Method: "system"}
}

// Can reports whether the caller holds the permission.
func (c *Caller) Can(p Permission) bool {
	if c == nil {
		return false
	}
	if c.Superuser {
		return true
	}
	_, ok := slices.BinarySearch(c.Permissions, p)
	return ok
}

// ReadScope allows what the caller may see: the managed organizations and, for
// callers that manage at least one, the shared objects (spec: tenancy §2).
func (c *Caller) ReadScope() Scope {
	switch {
	case c == nil:
		return Scope{}
	case c.Superuser:
		return ScopeAll()
	case len(c.Managed) == 0:
		return Scope{}
	}
	return ScopeOf(c.Managed...).WithShared()
}

// WriteScope allows what the caller may change: shared objects only as a
// superuser.
func (c *Caller) WriteScope() Scope {
	switch {
	case c == nil:
		return Scope{}
	case c.Superuser:
		return ScopeAll()
	}
	return ScopeOf(c.Managed...)
}

type callerKey struct{}

// WithCaller returns a context that carries the caller.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the context's caller, or nil for an anonymous one.
func CallerFrom(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}
