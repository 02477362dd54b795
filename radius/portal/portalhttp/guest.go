package portalhttp

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius/portal"
)

func encode(v any) ([]byte, error) { return json.Marshal(v) }

type askIn struct {
	Name    rest.Opt[string] `json:"name" required:"true" maxLength:"100"`
	Email   rest.Opt[string] `json:"email" blank:"true" maxLength:"254" help:"Where the guest is told of the answer."`
	Sponsor rest.Opt[string] `json:"sponsor" required:"true" maxLength:"254" help:"E-mail address of who answers for the guest."`
	Reason  rest.Opt[string] `json:"reason" blank:"true" maxLength:"500"`
	MAC     rest.Opt[string] `json:"mac" blank:"true" maxLength:"32"`
}

// heardOut is what a guest's browser hears; key is given once.
type heardOut struct {
	ID       wispwright.ID `json:"id"`
	Key      string        `json:"key,omitempty"`
	Status   string        `json:"status"`
	AnswerBy rest.Time     `json:"answer_by"`
	Until    rest.Time     `json:"until"`
	Username string        `json:"username"`
	Password string        `json:"password"`
}

func newHeardOut(g *portal.Guest) heardOut {
	out := heardOut{ID: g.ID, Status: string(g.Status), AnswerBy: rest.Time(g.AnswerBy), Until: rest.Time(g.Until)}
	if g.Status == portal.Approved {
		out.Username, out.Password = g.Username, g.Password.Reveal()
	}
	return out
}

type hearIn struct {
	ID  rest.Opt[wispwright.ID] `json:"id" required:"true"`
	Key rest.Opt[string]        `json:"key" required:"true" maxLength:"128" writeOnly:"true"`
}

type linkIn struct {
	Token   rest.Opt[string] `json:"token" required:"true" maxLength:"128" writeOnly:"true"`
	Approve rest.Opt[bool]   `json:"approve" help:"True lets the guest in, false does not. Without it nothing is answered."`
}

// linkOut is what a sponsor is shown.
type linkOut struct {
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Reason   string    `json:"reason"`
	Sponsor  string    `json:"sponsor"`
	Status   string    `json:"status"`
	AnswerBy rest.Time `json:"answer_by"`
	Until    rest.Time `json:"until"`
}

// mountGuests adds what guests and sponsors do.
func (h *HTTP) mountGuests(api *rest.API) {
	api.Mount(h.open("guest/", "Guest", rest.Anonymous, h.guests), rest.Action("POST", "radius_guest_ask", http.StatusCreated, func(r *rest.Request, in *askIn) (heardOut, error) {
		o, err := h.organization(r)
		if err != nil {
			return heardOut{}, err
		}
		asked, err := h.s.Guests.Ask(r.Context(), o, portal.Request{Name: in.Name.V, Email: in.Email.V, Sponsor: in.Sponsor.V, Reason: in.Reason.V, MAC: in.MAC.V, Address: r.Address()})
		if errors.Is(err, wispwright.ErrLimit) {
			return heardOut{}, rest.Fail(http.StatusTooManyRequests, "Too many guests are waiting. Try again later.")
		}
		if err != nil {
			return heardOut{}, err
		}
		out := newHeardOut(asked.Guest)
		out.Key = asked.Key.Reveal()
		return out, nil
	}, http.StatusTooManyRequests))
	api.Mount(h.open("guest/status/", "Guest Status", rest.Anonymous, h.answers), rest.Action("POST", "radius_guest_status", http.StatusOK, func(r *rest.Request, in *hearIn) (heardOut, error) {
		o, err := h.organization(r)
		if err != nil {
			return heardOut{}, err
		}
		g, err := h.s.Guests.Heard(r.Context(), o.ID, in.ID.V, in.Key.V)
		if err != nil {
			return heardOut{}, err
		}
		return newHeardOut(g), nil
	}))
	api.Mount(h.open("guest/answer/", "Guest Answer", rest.Anonymous, h.answers), rest.Action("POST", "radius_guest_answer", http.StatusOK, func(r *rest.Request, in *linkIn) (linkOut, error) {
		o, err := h.organization(r)
		if err != nil {
			return linkOut{}, err
		}
		g, err := h.s.Guests.ByLink(r.Context(), in.Token.V)
		if err == nil && g.OrganizationID != o.ID {
			err = wispwright.ErrNotFound
		}
		if err == nil && in.Approve.Set && !in.Approve.Null {
			g, err = h.s.Guests.AnswerLink(r.Context(), in.Token.V, in.Approve.V)
		}
		if err != nil {
			return linkOut{}, err
		}
		return linkOut{g.Name, g.Email, g.Reason, g.Sponsor, string(g.Status), rest.Time(g.AnswerBy), rest.Time(g.Until)}, nil
	}))
}

// ownDeviceOut is a device of the caller's.
type ownDeviceOut struct {
	ID    wispwright.ID `json:"id"`
	MAC   string        `json:"mac"`
	Until rest.Time     `json:"until"`
}

// mountOwnDevices lets users see and forget their devices.
func (h *HTTP) mountOwnDevices(api *rest.API) {
	own := func(r *rest.Request) (wispwright.Scope, portal.DeviceFilter, error) {
		o, err := h.organization(r)
		return wispwright.ScopeOf(o.ID), portal.DeviceFilter{OrganizationID: o.ID, UserID: r.Caller.ID}, err
	}
	api.Mount(h.open("account/device/", "Own Devices", rest.Authenticated, h.answers), rest.Action("GET", "radius_account_device_list", http.StatusOK, func(r *rest.Request, _ *rest.None) ([]ownDeviceOut, error) {
		scope, f, err := own(r)
		if err != nil {
			return nil, err
		}
		found, err := h.s.Devices.List(r.Context(), scope, f, wispwright.Page{Limit: 100, NoTotal: true})
		out := make([]ownDeviceOut, len(found.Rows))
		for i, d := range found.Rows {
			out[i] = ownDeviceOut{d.ID, d.Mac, rest.Time(d.Until)}
		}
		return out, err
	}))
	api.Mount(h.open("account/device/{id}/", "Own Device", rest.Authenticated, h.answers), rest.Action("DELETE", "radius_account_device_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
		scope, f, err := own(r)
		if err != nil {
			return rest.None{}, err
		}
		d, err := h.s.Devices.Get(r.Context(), scope, r.ID("id"))
		if err == nil && d.UserID != f.UserID {
			err = wispwright.ErrNotFound
		}
		if err == nil {
			err = h.s.Devices.Delete(r.Context(), scope, d.ID)
		}
		return rest.None{}, err
	}))
}
