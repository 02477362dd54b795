package radiushttp

import (
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
)

type phoneIn struct {
	PhoneNumber rest.Opt[string] `json:"phone_number" nullable:"true" blank:"true" maxLength:"128"`
}

type cooldownOut struct {
	Cooldown int64 `json:"cooldown"`
}

type activeOut struct {
	Active bool `json:"active"`
}

type codeIn struct {
	Code rest.Opt[string] `json:"code" required:"true" maxLength:"8"`
}

type newPhoneIn struct {
	PhoneNumber rest.Opt[string] `json:"phone_number" required:"true" maxLength:"128"`
}

// noSMS is said where telephones are not verified.
const noSMS = "SMS verification is not enabled for this organization"

// phoneView is a view of what concerns the caller's telephone. Who shows a wrong token
// is told so, then that nothing is verified here, then strangers are asked who they
// are (spec: radius §8.9).
func (h *HTTP) phoneView(path, name string, throttle *rest.Throttle) *rest.View {
	v := h.account(path, name, rest.Everyone, throttle)
	v.Prepare = func(r *rest.Request) error {
		in, err := h.organization(r)
		switch {
		case err != nil:
			return err
		case !in.SMSVerification:
			return wispwright.Forbidden(noSMS)
		case r.Caller == nil:
			return wispwright.ErrUnauthenticated
		}
		return nil
	}
	return v
}

// belongs is the organization of the path, of which the caller is a member.
func (h *HTTP) belongs(r *rest.Request) (radius.InForce, error) {
	in, err := h.organization(r)
	if err != nil {
		return in, err
	}
	u, err := h.t.Users.Get(r.Context(), everyone(), r.Caller.ID)
	if err != nil {
		return in, err
	}
	return in, h.signIn.Member(r.Context(), u, in)
}

// mountPhone adds codes for telephones.
func (h *HTTP) mountPhone(api *rest.API) {
	api.Mount(h.phoneView("phone/token/", "Create Phone Token", h.codes), rest.Action("POST", "radius_account_phone_token_create", http.StatusCreated, func(r *rest.Request, body *phoneIn) (cooldownOut, error) {
		in, a, err := h.whose(r)
		if err != nil {
			return cooldownOut{}, err
		}
		if body.PhoneNumber.Set && !body.PhoneNumber.Null && body.PhoneNumber.V == "" {
			return cooldownOut{}, wispwright.Invalid("phone_number", "This field cannot be blank.")
		}
		wait, err := h.enrolment.Codes.Send(r.Context(), a, in, body.PhoneNumber.V, r.Address())
		return cooldownOut{int64(wait / time.Second)}, plainly(err)
	}))
	api.Mount(h.phoneView("phone/token/active/", "Get Phone Token Status", h.codes), rest.Action("GET", "radius_account_phone_token_active_list", http.StatusOK, func(r *rest.Request, _ *rest.None) (activeOut, error) {
		in, a, err := h.whose(r)
		if err != nil {
			return activeOut{}, err
		}
		waits, err := h.enrolment.Codes.Waits(r.Context(), a, in.Organization.ID)
		return activeOut{waits}, err
	}))
	api.Mount(h.phoneView("phone/verify/", "Validate Phone Token", h.codes), quiet(h.asMember(rest.Action("POST", "radius_account_phone_verify_create", http.StatusOK, func(r *rest.Request, body *codeIn) (rest.None, error) {
		in, a, err := h.whose(r)
		if err != nil {
			return rest.None{}, err
		}
		return rest.None{}, plainly(h.enrolment.Codes.Verify(r.Context(), a, in, body.Code.V))
	}))))
	api.Mount(h.phoneView("phone/change/", "Change Phone Number", h.others), quiet(rest.Action("POST", "radius_account_phone_change_create", http.StatusOK, func(r *rest.Request, body *newPhoneIn) (rest.None, error) {
		in, a, err := h.whose(r)
		if err != nil {
			return rest.None{}, err
		}
		return rest.None{}, plainly(h.enrolment.Codes.Change(r.Context(), a, in, body.PhoneNumber.V, r.Address()))
	})))
}

// asMember refuses strangers before it looks at the body.
func (h *HTTP) asMember(op rest.Op) rest.Op {
	inner := op.Handle
	op.Handle = func(r *rest.Request) (int, any, error) {
		if _, err := h.belongs(r); err != nil {
			return 0, nil, err
		}
		return inner(r)
	}
	return op
}

// whose is the organization of the path with the caller, a member of it.
func (h *HTTP) whose(r *rest.Request) (radius.InForce, *radius.Account, error) {
	in, err := h.belongs(r)
	if err != nil {
		return in, nil, err
	}
	a, err := h.accounts.Get(r.Context(), r.Caller.ID)
	return in, a, err
}
