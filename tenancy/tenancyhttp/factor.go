package tenancyhttp

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"slices"

	"github.com/pquerna/otp"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
)

type factorOut struct {
	// Confirmed is since when codes are asked for; null while they are not.
	Confirmed rest.Time `json:"confirmed"`
	// RecoveryCodes is how many are left.
	RecoveryCodes int `json:"recovery_codes"`
	// Required says that the user may do nothing without.
	Required bool `json:"required"`
}

type enrolIn struct {
	CurrentPassword rest.Opt[string] `json:"current_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
}

type enrolOut struct {
	Secret string `json:"secret"`
	// URI is what generators read, and QR an image of it.
	URI string `json:"uri"`
	QR  string `json:"qr"`
}

type codeIn struct {
	OTP rest.Opt[string] `json:"otp" required:"true" writeOnly:"true" maxLength:"64" label:"Code"`
}

type disableIn struct {
	CurrentPassword rest.Opt[string] `json:"current_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	OTP             rest.Opt[string] `json:"otp" required:"true" writeOnly:"true" maxLength:"64" label:"Code"`
}

type recoveryIn struct {
	CurrentPassword rest.Opt[string] `json:"current_password" required:"true" trim:"false" writeOnly:"true" maxLength:"4096"`
	OTP             rest.Opt[string] `json:"otp" blank:"true" writeOnly:"true" maxLength:"64" label:"Code" help:"A code of the generator, for users who have one."`
}

type recoveryOut struct {
	RecoveryCodes []string `json:"recovery_codes"`
}

// mountFactor adds one's own second factor, and what superusers may do with
// those of others.
func (h *HTTP) mountFactor(api *rest.API) {
	mine := func(path, name, description string) *rest.View {
		return &rest.View{Path: "/api/v1/users/me/" + path, Name: name, Tag: "users", Access: rest.Authenticated, Restricted: true,
			Prepare: inPerson, Description: description, Noun: "SecondFactor"}
	}
	api.Mount(mine("totp/", "My Second Factor", "One's own generator of one-time codes. POST makes a secret, which counts once it is confirmed."),
		rest.Action("GET", "users_me_totp_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (factorOut, error) {
			return h.factor(r, r.Caller.ID)
		}),
		rest.Action("POST", "users_me_totp_create", http.StatusCreated, h.enrol))
	api.Mount(mine("totp/confirm/", "Confirm Second Factor", "Confirms the generator with a code of it. The recovery codes are shown this once."),
		rest.Action("POST", "users_me_totp_confirm_create", http.StatusOK, func(r *rest.Request, in *codeIn) (recoveryOut, error) {
			r.ResponseHeader().Set("Cache-Control", "no-store")
			codes, err := h.t.SecondFactors.Confirm(r.Context(), r.Caller.ID, in.OTP.V)
			return recoveryOut{codes}, err
		}))
	api.Mount(mine("recovery/", "Recovery Codes", "Replaces the recovery codes of a user with a second factor, given the password and, for users with a generator, a code of it."),
		rest.Action("POST", "users_me_recovery_create", http.StatusOK, h.newRecovery))
	api.Mount(mine("totp/disable/", "Disable Second Factor", "Removes the generator, given the password and a code of it or a recovery code."),
		rest.Action("POST", "users_me_totp_disable_create", http.StatusNoContent, h.disable))
	api.Mount(&rest.View{Path: "/api/v1/users/user/{id}/totp/", Name: "Second Factor", Noun: "SecondFactor", Tag: "users", Access: rest.Authenticated,
		Prepare: superuserOnly, Description: "The second factor of a user, which superusers may take away from users that lost it."},
		rest.Action("GET", "users_user_totp_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (factorOut, error) {
			return h.factor(r, r.ID("id"))
		}),
		rest.Action("DELETE", "users_user_totp_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			return rest.None{}, h.t.SecondFactors.Remove(r.Context(), r.ID("id"))
		}))
}

// inPerson refuses named tokens, which stand for a program: none may make
// another one, or change how its user logs in.
func inPerson(r *rest.Request) error {
	if r.Caller.Method == tenancy.APITokenMethod {
		return wispwright.Forbidden("Named tokens may not do this; log in.")
	}
	return nil
}

func superuserOnly(r *rest.Request) error {
	if !r.Caller.Superuser {
		return wispwright.ErrForbidden
	}
	return inPerson(r)
}

func wrongCode() error {
	return wispwright.Invalid("otp", "The code is wrong or was used already.")
}

func (h *HTTP) factor(r *rest.Request, user wispwright.ID) (factorOut, error) {
	u, err := h.t.Users.Get(r.Context(), wispwright.ScopeAll(), user)
	if err != nil {
		return factorOut{}, err
	}
	out := factorOut{Required: h.t.SecondFactors.RequiredOf(u)}
	f, err := h.t.SecondFactors.Get(r.Context(), user)
	if errors.Is(err, wispwright.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Confirmed, out.RecoveryCodes = rest.Time(f.Confirmed), len(f.Recovery)
	return out, nil
}

// enrol asks for the password, so that a session left open does not lock its
// user out.
func (h *HTTP) enrol(r *rest.Request, in *enrolIn) (enrolOut, error) {
	u, err := h.me(r)
	if err != nil {
		return enrolOut{}, err
	}
	if err := h.checkCurrent(r, u, in.CurrentPassword.V); err != nil {
		return enrolOut{}, err
	}
	key, err := h.t.SecondFactors.Enrol(r.Context(), u.ID)
	if err != nil {
		return enrolOut{}, err
	}
	qr, err := picture(key.URL)
	if err != nil {
		return enrolOut{}, err
	}
	// neither browser nor proxy keeps the secret
	r.ResponseHeader().Set("Cache-Control", "no-store")
	return enrolOut{key.Secret.Reveal(), key.URL, qr}, nil
}

// disable asks for the password too, as setting up does.
func (h *HTTP) disable(r *rest.Request, in *disableIn) (rest.None, error) {
	if err := h.myPassword(r, in.CurrentPassword.V); err != nil {
		return rest.None{}, err
	}
	good, err := h.t.SecondFactors.Check(r.Context(), r.Caller.ID, in.OTP.V)
	if err != nil {
		return rest.None{}, err
	}
	if !good {
		return rest.None{}, wrongCode()
	}
	return rest.None{}, h.t.SecondFactors.Remove(r.Context(), r.Caller.ID)
}

func (h *HTTP) newRecovery(r *rest.Request, in *recoveryIn) (recoveryOut, error) {
	if err := h.myPassword(r, in.CurrentPassword.V); err != nil {
		return recoveryOut{}, err
	}
	r.ResponseHeader().Set("Cache-Control", "no-store")
	codes, err := h.t.SecondFactors.NewRecovery(r.Context(), r.Caller.ID, in.OTP.V)
	return recoveryOut{codes}, err
}

// myPassword asks for the caller's own password, so that a session left open
// changes nothing about how its user logs in.
func (h *HTTP) myPassword(r *rest.Request, plain string) error {
	u, err := h.me(r)
	if err != nil {
		return err
	}
	return h.checkCurrent(r, u, plain)
}

// picture is an address of a generator as a QR code, for the src of an <img>.
func picture(address string) (string, error) {
	key, err := otp.NewKeyFromURL(address)
	if err != nil {
		return "", fmt.Errorf("draw the QR code: %w", err)
	}
	image, err := key.Image(240, 240)
	if err != nil {
		return "", fmt.Errorf("draw the QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image); err != nil {
		return "", fmt.Errorf("draw the QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// factorNeeded is the answer to a right password while a code is missing.
type factorNeeded struct {
	Detail       string   `json:"detail"`
	SecondFactor []string `json:"second_factor"`
}

// checkFactor asks users who have a second factor for it, beside the password that
// was right: for a code or, where answer is not nil, a passkey.
func (h *HTTP) checkFactor(r *rest.Request, u *tenancy.User, code rest.Opt[string], answer *rest.Opt[wispwright.JSON]) error {
	methods, err := h.t.SecondFactors.Methods(r.Context(), u.ID)
	if err != nil || len(methods) == 0 {
		return err
	}
	keys := slices.Contains(methods, "webauthn")
	if keys && answer != nil && !answer.V.IsEmpty() {
		return h.checkPasskey(r, u, answer.V)
	}
	if code.V == "" || !slices.Contains(methods, "totp") && !slices.Contains(methods, "recovery") {
		var body any = factorNeeded{"A code of the second factor is required.", methods}
		if keys && answer != nil {
			if body, err = h.askPasskey(r, u, factorNeeded{"A passkey or a code of the second factor is required.", methods}); err != nil {
				return err
			}
		}
		r.ResponseHeader().Set("WWW-Authenticate", "Bearer")
		return &rest.Failure{Status: http.StatusUnauthorized, Body: body}
	}
	good, err := h.t.SecondFactors.Check(r.Context(), u.ID, code.V)
	if err != nil {
		return err
	}
	if !good {
		return wrongCode()
	}
	return nil
}
