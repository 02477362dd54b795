package radiushttp

import (
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius/enrol"
)

type registerIn struct {
	Username    rest.Opt[string]    `json:"username" required:"true" maxLength:"150"`
	Email       rest.Opt[string]    `json:"email" format:"email"`
	Password1   rest.Opt[string]    `json:"password1" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	Password2   rest.Opt[string]    `json:"password2" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	PhoneNumber rest.Opt[string]    `json:"phone_number" nullable:"true" blank:"true"`
	FirstName   rest.Opt[string]    `json:"first_name"`
	LastName    rest.Opt[string]    `json:"last_name"`
	BirthDate   rest.Opt[rest.Date] `json:"birth_date" nullable:"true"`
	Location    rest.Opt[string]    `json:"location"`
	Method      rest.Opt[string]    `json:"method" blank:"true"`
}

type registerOut struct {
	Key             string `json:"key"`
	RadiusUserToken string `json:"radius_user_token"`
}

type organizationOut struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

type takenOut struct {
	Details       string            `json:"details"`
	Organizations []organizationOut `json:"organizations"`
}

// mountRegistration adds what people make accounts with (spec: radius §8.1).
func (h *HTTP) mountRegistration(api *rest.API) {
	view := h.account("", "Register", rest.Anonymous, h.others)
	view.Prepare = func(r *rest.Request) error {
		in, err := h.organization(r)
		switch {
		case err != nil:
			return err
		case !in.Organization.IsActive:
			return wispwright.ErrNotFound
		case !in.RegistrationEnabled:
			return wispwright.ErrForbidden
		}
		return nil
	}
	for _, m := range h.r.Registrations.Methods() {
		view.Choices = map[string][]rest.Choice{"method": append(view.Choices["method"], rest.Choice{Value: m.Name, Label: m.Label})}
	}
	api.Mount(view, rest.Documented[registerIn, registerOut](http.StatusCreated, rest.Op{
		Method: "POST", ID: "radius_account_create", Summary: "Make an account", Also: []int{http.StatusConflict}, Handle: h.register,
	}))
	api.Mount(h.account("registration-method/", "Registration Method", rest.Authenticated, h.others),
		rest.Action("POST", "radius_account_registration_method_create", http.StatusOK, h.choose))
}

// register takes what could be read of a body even where some of it is wrong: people
// who have an account elsewhere are told so first.
func (h *HTTP) register(r *rest.Request) (int, any, error) {
	in, err := h.organization(r)
	if err != nil {
		return 0, nil, err
	}
	var faults wispwright.ValidationError
	body, err := rest.Decode[registerIn](r, false)
	if err != nil {
		var invalid *wispwright.ValidationError
		if body == nil || !errors.As(err, &invalid) {
			return 0, nil, err
		}
		faults = *invalid
	}
	if body.Method.Set && !h.isMethod(body.Method.V) {
		faults.Add("method", "\""+body.Method.V+"\" is not a valid choice.")
	}
	if p := body.PhoneNumber.V; p != "" && !faults.Has("phone_number") {
		if _, _, ok := h.phones.Parse(p); !ok {
			faults.Add("phone_number", "Enter a valid phone number.")
		}
	}
	made, err := h.enrolment.Register(r.Context(), in, enrol.Newcomer{
		Username: body.Username.V, Email: body.Email.V, Password: body.Password1.V, Repeated: body.Password2.V, Phone: body.PhoneNumber.V,
		FirstName: body.FirstName.V, LastName: body.LastName.V, Location: body.Location.V, BirthDate: time.Time(body.BirthDate.V), Method: body.Method.V,
	}, &faults)
	if err != nil {
		return 0, nil, plainly(err)
	}
	return http.StatusCreated, registerOut{made.Key.Reveal(), made.Token.Reveal()}, nil
}

// plainly gives errors of enrolment the bodies of the original, some of which are texts
// where others are lists.
func plainly(err error) error {
	var taken *enrol.TakenError
	var required *enrol.RequiredError
	var wait *enrol.WaitError
	var verified *enrol.VerifiedError
	switch {
	case errors.As(err, &taken):
		out := takenOut{Details: taken.Error(), Organizations: []organizationOut{}}
		for _, o := range taken.Organizations {
			out.Organizations = append(out.Organizations, organizationOut{o.Slug, o.Name})
		}
		return &rest.Failure{Status: http.StatusConflict, Body: out}
	case errors.As(err, &required):
		return &rest.Failure{Status: http.StatusBadRequest, Body: map[string]string{required.Field: required.Error()}}
	case errors.As(err, &wait):
		return &rest.Failure{Status: http.StatusBadRequest, Body: map[string]any{"non_field_errors": []string{wait.Error()}, "cooldown": int64(wait.Wait / time.Second)}}
	case errors.As(err, &verified):
		return &rest.Failure{Status: http.StatusBadRequest, Body: map[string]string{"user": verified.Error()}}
	}
	return err
}

func (h *HTTP) isMethod(name string) bool {
	for _, m := range h.r.Registrations.Methods() {
		if m.Name == name {
			return true
		}
	}
	return false
}

type methodIn struct {
	Method rest.Opt[string] `json:"method" required:"true" blank:"true" maxLength:"64"`
}

type methodOut struct {
	Method string `json:"method"`
}

// choose lets somebody who came from another organization say how the identity is to
// be verified (additions: R-6).
func (h *HTTP) choose(r *rest.Request, body *methodIn) (methodOut, error) {
	in, err := h.belongs(r)
	if err != nil {
		return methodOut{}, err
	}
	return methodOut{body.Method.V}, h.enrolment.Choose(r.Context(), r.Caller.ID, in.Organization.ID, body.Method.V)
}
