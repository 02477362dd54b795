// Package ipamhttp puts subnets and addresses on the wire (spec: ipam §2).
package ipamhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/rest"
)

// DefaultRate is how often a caller may come, as in the original.
const DefaultRate = "400/hour"

// Options change what New makes; nil means the defaults.
type Options struct {
	// Rate limits how often each user may come with a token, such as "100/hour"; "none"
	// means no limit. Sessions of the web admin are not counted. Default: DefaultRate.
	Rate string
	// ImportLimit is the largest file to import, in bytes. Default: 32 MiB.
	ImportLimit int64
	// SubnetFilters and AddressFilters are further parameters of the lists of subnets, with
	// their usage, and of all addresses.
	SubnetFilters  []rest.Filter[ipam.SubnetFilter]
	AddressFilters []rest.Filter[ipam.AddressFilter]
	// HideGenerated leaves what rules made out of the lists that the web admin asks for, unless
	// it asks with the parameter generated. It takes filters of this name.
	HideGenerated bool
	// Of says what other concerns have of subnets that are listed with their usage, within
	// the scope of the caller. Default: nothing.
	Of func(ctx context.Context, scope wispwright.Scope, subnets []wispwright.ID) (map[wispwright.ID]Of, error)
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Of is what other concerns have of a subnet.
type Of struct {
	// DeviceID and DeviceName are the device that the subnet was made for; zero for none.
	DeviceID   wispwright.ID
	DeviceName string
	// Divided reports whether rules give parts of the subnet to devices.
	Divided bool
}

// HTTP is the concern's part of an API.
type HTTP struct {
	m        *ipam.IPAM
	throttle *rest.Throttle
	limit    int64
	options  Options
}

// New returns the HTTP side of the concern. A rate that cannot be read is an
// error.
func New(m *ipam.IPAM, o *Options) (*HTTP, error) {
	if m == nil {
		return nil, errors.New("ipamhttp: the concern is required")
	}
	if o == nil {
		o = &Options{}
	}
	h := &HTTP{m: m, limit: o.ImportLimit, options: *o}
	if h.limit == 0 {
		h.limit = 32 << 20
	}
	rate := o.Rate
	switch rate {
	case "":
		rate = DefaultRate
	case "none":
		rate = ""
	}
	var err error
	h.throttle, err = rest.NewThrottle(rate, o.Clock)
	return h, err
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountSubnets(api)
	h.mountAddresses(api)
	h.mountNext(api)
	h.mountRoom(api)
	h.mountMap(api)
	h.mountFiles(api)
}

const (
	tag         = "ipam"
	subnetKind  = "openwisp_ipam.subnet"
	addressKind = "openwisp_ipam.ipaddress"
	notManager  = "User is not a manager of the organization to which the requested resource belongs."
	notFound    = "Not found."
)

// admit counts a request; the web admin's own are not.
func (h *HTTP) admit(r *rest.Request) error {
	if r.Caller != nil && r.Caller.Method == "session" {
		return nil
	}
	return h.throttle.Admit(r)
}

// hides reports whether a list leaves out what rules made without being asked.
func (h *HTTP) hides(r *rest.Request) bool {
	return h.options.HideGenerated && r.Caller != nil && r.Caller.Method == "session" && !r.HTTP.URL.Query().Has(ipam.Generated)
}

// own refuses objects of others at their own path as clients know it, 403, and
// not as if they were not there.
func own(r *rest.Request, organization wispwright.ID, err error) error {
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return nil // the resource says so
	case err != nil:
		return err
	case !r.ReadScope().Allows(organization):
		return wispwright.Forbidden(notManager)
	}
	return nil
}

// below looks up the subnet that a path begins with. What the caller may not see,
// or not change where the method changes something, is not there.
func (h *HTTP) below(r *rest.Request) error {
	if err := h.admit(r); err != nil {
		return err
	}
	scope := r.ReadScope()
	if r.HTTP.Method != http.MethodGet && r.HTTP.Method != http.MethodHead {
		scope = r.WriteScope()
	}
	n, err := h.m.Subnets.Get(r.Context(), wispwright.ScopeAll(), r.ID("id"))
	if err == nil && !scope.Allows(n.OrganizationID) {
		return rest.Fail(http.StatusNotFound, notFound)
	}
	return err
}

// ownBelow is below for what tells of subnets nested in one, which in a shared
// subnet may be those of others: anybody who may change it.
func (h *HTTP) ownBelow(r *rest.Request) error {
	if err := h.below(r); err != nil {
		return err
	}
	_, err := h.m.Subnets.Get(r.Context(), r.WriteScope(), r.ID("id"))
	return err
}
