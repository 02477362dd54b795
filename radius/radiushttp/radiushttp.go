// Package radiushttp puts RADIUS on the wire: what a FreeRADIUS server asks over
// HTTP, what users do with their accounts, and what managers see and change
// (spec: radius §2, §3, §8).
package radiushttp

import (
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/enterprise"
	"github.com/wispwright/wispwright/radius/signin"
	"github.com/wispwright/wispwright/tenancy"
)

// DefaultRate is how often a client may come to what is neither a RADIUS server's
// nor a log-in, as in the original.
const DefaultRate = "400/hour"

// Options change what New makes; nil means the defaults.
type Options struct {
	// Rate limits how often each client may come to registration, passwords, sessions
	// and usage, such as "100/hour"; "none" means no limit. Default: DefaultRate.
	Rate string
	// LoginRate limits log-ins and validations of tokens. Default: no limit but that
	// of wrong passwords.
	LoginRate string
	// FreeRADIUSRate limits RADIUS servers. Default: no limit.
	FreeRADIUSRate string
	// CodeRate limits requests for codes. Default: no limit but that of each user.
	CodeRate string
	// Enrolment is how people get accounts, and Phones reads telephone numbers.
	// Default: there are none of their endpoints.
	Enrolment *enrol.Enrolment
	Phones    enrol.Telephone
	// SignIn lets people in. Default: one that sends no letters.
	SignIn *signin.Service
	// Enterprise makes networks with EAP. Default: there are none of their endpoints.
	Enterprise *enterprise.Networks
	// MaxFile is how long a CSV file may be. Default: 5 MiB.
	MaxFile int64
	// Reject answers somebody who may not come in with 401 instead of nothing.
	Reject bool
	// Zone is where times are shown and days begin. Default: UTC.
	Zone *time.Location
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// HTTP is the concern's part of an API.
type HTTP struct {
	r                        *radius.Radius
	t                        *tenancy.Tenancy
	accounts                 radius.Accounts
	organizations            radius.Organizations
	reject                   bool
	zone                     *time.Location
	others, logins, machines *rest.Throttle
	codes                    *rest.Throttle
	enrolment                *enrol.Enrolment
	phones                   enrol.Telephone
	signIn                   *signin.Service
	maxFile                  int64
	enterprise               *enterprise.Networks
}

// New returns the HTTP side of the concern. A rate that cannot be read is an
// error.
func New(r *radius.Radius, t *tenancy.Tenancy, accounts radius.Accounts, organizations radius.Organizations, o *Options) (*HTTP, error) {
	if r == nil || t == nil || accounts == nil || organizations == nil {
		return nil, errors.New("radiushttp: the concern, tenancy, accounts and organizations are required")
	}
	if o == nil {
		o = &Options{}
	}
	h := &HTTP{r: r, t: t, accounts: accounts, organizations: organizations, reject: o.Reject, zone: o.Zone,
		enrolment: o.Enrolment, phones: o.Phones, signIn: o.SignIn, maxFile: o.MaxFile, enterprise: o.Enterprise}
	if h.enrolment != nil && h.phones == nil {
		return nil, errors.New("radiushttp: enrolment needs telephones")
	}
	if h.signIn == nil {
		var err error
		if h.signIn, err = signin.New(r, t, accounts, organizations, &signin.Options{Enrolment: o.Enrolment, Clock: o.Clock}); err != nil {
			return nil, err
		}
	}
	if h.maxFile == 0 {
		h.maxFile = 5 << 20
	}
	if h.zone == nil {
		h.zone = time.UTC
	}
	for _, l := range []struct {
		rate, normal string
		into         **rest.Throttle
	}{{o.Rate, DefaultRate, &h.others}, {o.LoginRate, "", &h.logins}, {o.FreeRADIUSRate, "", &h.machines}, {o.CodeRate, "", &h.codes}} {
		rate := l.rate
		switch rate {
		case "":
			rate = l.normal
		case "none":
			rate = ""
		}
		var err error
		if *l.into, err = rest.NewThrottle(rate, o.Clock); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountAuthorize(api)
	h.mountAccounting(api)
	h.mountSessions(api)
	h.mountRows(api)
	h.mountGroups(api)
	h.mountMembers(api)
	h.mountNAS(api)
	h.mountAttributes(api)
	h.mountPostAuths(api)
	h.mountSettings(api)
	h.mountTokens(api)
	h.mountReset(api)
	if h.enterprise != nil {
		h.mountEnterprise(api)
	}
	if h.enrolment != nil {
		h.mountRegistration(api)
		h.mountPhone(api)
		h.mountBatches(api)
	}
}

const (
	freeradiusTag = "freeradius"
	tag           = "radius"
	app           = "openwisp_radius."
)

// moment is a time as the wire of RADIUS has it: in the installation's zone, null
// for the zero time.
type moment struct {
	time.Time
	zone *time.Location
}

// MarshalJSON writes the time.
func (m moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	layout := `"2006-01-02T15:04:05.000000Z07:00"`
	if m.Nanosecond()/1000 == 0 {
		layout = `"2006-01-02T15:04:05Z07:00"`
	}
	return []byte(m.In(m.zone).Format(layout)), nil
}

func (h *HTTP) moment(t time.Time) moment { return moment{t, h.zone} }

// shown is a time for people; nil for the zero time (additions: R-7).
func (h *HTTP) shown(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.In(h.zone).Format("2 Jan 2006, 15:04:05")
	return &text
}

// empty is an answer of no bytes, which FreeRADIUS wants where there is nothing to
// say: the JSON null would be a failure to it (spec: radius §16.4).
func empty() rest.Raw { return rest.Raw{} }

// quiet makes an operation answer no bytes.
func quiet(op rest.Op) rest.Op {
	inner := op.Handle
	op.Handle = func(r *rest.Request) (int, any, error) {
		status, _, err := inner(r)
		return status, empty(), err
	}
	return op
}

func everyone() wispwright.Scope { return wispwright.ScopeAll() }
