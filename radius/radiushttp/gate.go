package radiushttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
)

// loose is a text of a body before it is known who sent it: numbers count, anything
// else is empty.
type loose string

// FromWire implements rest.Wire.
func (l *loose) FromWire(raw json.RawMessage) error {
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(raw, &text) == nil:
		*l = loose(text)
	case json.Unmarshal(raw, &number) == nil:
		*l = loose(number)
	}
	return nil
}

// gateIn is what of a body decides who sent it.
type gateIn struct {
	Username     rest.Opt[loose] `json:"username" nullable:"true" blank:"true" metaType:"string"`
	StatusType   rest.Opt[loose] `json:"status_type" nullable:"true" blank:"true" metaType:"string"`
	Organization rest.Opt[loose] `json:"organization" nullable:"true" blank:"true" metaType:"string"`
}

// passed is what the gate found out about a request.
type passed struct {
	// organization is whose RADIUS server sent it; zero: nobody's, and there is
	// nothing to do.
	organization wispwright.ID
	// roamed is the open session of a device that comes again.
	roamed *radius.Session
}

type passedKey struct{}

func through(r *rest.Request) passed {
	p, _ := r.Context().Value(passedKey{}).(passed)
	return p
}

// username is the name a request is about: that of the user whose device roams.
func (p passed) username(sent string) string {
	if p.roamed != nil && p.roamed.Username != nil {
		return *p.roamed.Username
	}
	return sent
}

// The sentences of the gate (spec: radius §2).
const (
	explicitOrganization = "setting the organization parameter explicitly is not allowed"
	noRadiusToken        = "Radius token does not exist. Obtain a new radius token or provide the organization UUID and API token."
	noUsername           = "username field is required."
	wrongToken           = "Token authentication failed"
)

// scheme recognises RADIUS servers. Every failure is 403 (spec: radius §2).
func (h *HTTP) scheme() rest.Scheme {
	return rest.Scheme{Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		p, err := h.gate(r)
		if err != nil {
			return nil, err
		}
		caller := &wispwright.Caller{Name: "RADIUS server", Method: "radius"}
		if !p.organization.IsZero() {
			caller.Member = []wispwright.ID{p.organization}
		}
		r.HTTP = r.HTTP.WithContext(context.WithValue(r.Context(), passedKey{}, p))
		return caller, nil
	}}
}

func (h *HTTP) gate(r *rest.Request) (passed, error) {
	in, err := rest.Decode[gateIn](r, true)
	if err != nil {
		if in == nil {
			return passed{}, err
		}
		in = &gateIn{}
	}
	if in.Organization.Set {
		return passed{}, wispwright.Forbidden(explicitOrganization)
	}
	id, token := r.Query().Get("uuid"), r.Query().Get("token")
	if header, ok := r.HTTP.Header["Authorization"]; ok {
		parts := strings.Split(header[0], " ")
		if len(parts) < 3 {
			return passed{}, rest.Fail(http.StatusBadRequest, "Invalid token")
		}
		id, token = parts[1], parts[2]
	}
	if id != "" || token != "" {
		return h.byToken(r, id, token)
	}
	return h.byUser(r, in)
}

// byToken lets a server in that knows an organization's id and token.
func (h *HTTP) byToken(r *rest.Request, id, token string) (passed, error) {
	organization, err := wispwright.ParseID(id)
	if err != nil || token == "" {
		return passed{}, wispwright.Forbidden(wrongToken)
	}
	in, err := h.r.Settings.ByToken(r.Context(), organization, token)
	if err != nil {
		return passed{}, err
	}
	return passed{organization: organization}, h.admit(r, in)
}

// byUser finds the organization by the token of the user whom the request is about,
// or by the device that roams.
func (h *HTTP) byUser(r *rest.Request, in *gateIn) (passed, error) {
	if s := radius.Status(in.StatusType.V); s == radius.AccountingOn || s == radius.AccountingOff {
		return passed{}, nil
	}
	username := string(in.Username.V)
	if username == "" {
		username = r.Query().Get("username")
	}
	roamed, isMAC, err := h.r.Accounting.Roamed(r.Context(), username)
	if err != nil {
		return passed{}, err
	}
	if isMAC && roamed == nil {
		return passed{}, nil
	}
	var organization wispwright.ID
	switch {
	case roamed != nil:
		organization = roamed.OrganizationID
	case username == "":
		return passed{}, wispwright.Forbidden(noUsername)
	default:
		organization, err = h.r.Tokens.Home(r.Context(), username)
		if errors.Is(err, wispwright.ErrNotFound) {
			return passed{}, wispwright.Forbidden(noRadiusToken)
		}
		if err != nil {
			return passed{}, err
		}
	}
	set, err := h.r.Settings.Active(r.Context(), organization)
	if err != nil {
		return passed{}, err
	}
	return passed{organization: organization, roamed: roamed}, h.admit(r, set)
}

// admit holds the address of the client against the organization's list. Behind a
// proxy that nobody named the address is the proxy's, which opens nothing.
func (h *HTTP) admit(r *rest.Request, in radius.InForce) error {
	if rest.Relayed(r.HTTP) {
		return radius.InForce{Defaults: radius.Defaults{}}.Admit(r.Address())
	}
	return in.Admit(r.Address())
}
