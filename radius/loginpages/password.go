package loginpages

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
)

// resetPage asks whose password is to be new; Sent after a letter was ordered.
type resetPage struct {
	Input string
	Wrong string
	Sent  bool
}

// passwordPage asks for a new password.
type passwordPage struct {
	Pattern string
	Wrong   map[string]string
	// Done: it is changed. Stale: the link is no good any more.
	Done, Stale bool
	// Forced: the password ran out.
	Forced bool
}

// reset shows the pages below password/reset.
func (v *visit) reset(rest string) {
	parts := strings.Split(rest, "/")
	switch {
	case rest == "reset":
		v.show(http.StatusOK, "reset", v.T("reset_title"), resetPage{})
	case len(parts) == 4 && parts[0] == "reset" && parts[1] == "confirm":
		v.show(http.StatusOK, "reset_confirm", v.T("new_password_title"), passwordPage{Pattern: v.passwordPattern(v.cfg.Components.PasswordResetConfirmForm.InputFields.Password)})
	default:
		v.notFound()
	}
}

// passwordPattern is that of a form, else that of the registration.
func (v *visit) passwordPattern(own Field) string {
	if own.Pattern != "" {
		return own.Pattern
	}
	return v.cfg.Components.RegistrationForm.InputFields["password"].Pattern
}

// sendReset orders a letter, or takes the new password of one. The answer is the same
// whether or not there is somebody.
func (v *visit) sendReset(rest string) {
	parts := strings.Split(rest, "/")
	if len(parts) == 4 && parts[0] == "reset" && parts[1] == "confirm" {
		v.confirmReset(parts[2], parts[3])
		return
	}
	if rest != "reset" {
		v.notFound()
		return
	}
	page := resetPage{Input: v.value("input")}
	status := http.StatusOK
	switch {
	case v.failure != nil:
		status, v.flash.Bad = http.StatusServiceUnavailable, v.T("unavailable")
	case page.Input == "":
		status, page.Wrong = http.StatusBadRequest, v.T("required")
	default:
		if wait := v.p.throttle.Allow("reset:" + v.p.o.Source(v.r)); wait > 0 {
			v.w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			status, v.flash.Bad = http.StatusTooManyRequests, v.T("too_many")
			break
		}
		if err := v.p.signIn.OrderReset(v.r.Context(), v.in, page.Input); err != nil {
			v.p.o.Log.ErrorContext(v.r.Context(), "a letter was not ordered", "slug", v.slug, "error", err)
			status, v.flash.Bad = http.StatusServiceUnavailable, v.T("unavailable")
			break
		}
		page.Sent = true
	}
	v.show(status, "reset", v.T("reset_title"), page)
}

func (v *visit) confirmReset(uid, token string) {
	page := passwordPage{Pattern: v.passwordPattern(v.cfg.Components.PasswordResetConfirmForm.InputFields.Password), Wrong: map[string]string{}}
	if v.failure != nil {
		v.flash.Bad = v.T("unavailable")
		v.show(http.StatusServiceUnavailable, "reset_confirm", v.T("new_password_title"), page)
		return
	}
	id, err := wispwright.ParseID(uid)
	if err == nil {
		err = v.p.signIn.ResetPassword(v.r.Context(), v.in, id, token, v.r.PostForm.Get("new_password1"), v.r.PostForm.Get("new_password2"))
	} else {
		err = wispwright.ErrNotFound
	}
	var invalid *wispwright.ValidationError
	status := http.StatusOK
	switch {
	case err == nil:
		v.tell(flash{Good: v.T("password_changed")})
		v.to("login")
		return
	case errors.As(err, &invalid):
		status = http.StatusBadRequest
		for _, x := range invalid.Fields {
			if x.Path == "token" {
				page.Stale = true
			}
			page.Wrong[x.Path] = v.said(x.Messages)
		}
	case errors.Is(err, wispwright.ErrNotFound):
		status, page.Stale = http.StatusBadRequest, true
	default:
		v.p.o.Log.ErrorContext(v.r.Context(), "a password was not changed", "slug", v.slug, "error", err)
		status, v.flash.Bad = http.StatusServiceUnavailable, v.T("unavailable")
	}
	v.show(status, "reset_confirm", v.T("new_password_title"), page)
}

// changePassword asks somebody who is known for a new password.
func (v *visit) changePassword(string) {
	e := v.enter()
	if e == nil {
		return
	}
	if v.flash.MustLogIn {
		v.tell(flash{MustLogIn: true})
	}
	v.show(http.StatusOK, "password", v.T("password_title"), passwordPage{Pattern: v.passwordPattern(v.cfg.Components.PasswordChangeForm.InputFields.Password1), Forced: e.PasswordExpired})
}

// savePassword takes it.
func (v *visit) savePassword(string) {
	e := v.enter()
	if e == nil {
		return
	}
	current, chosen, repeated := v.r.PostForm.Get("current_password"), v.r.PostForm.Get("new_password"), v.r.PostForm.Get("confirm_password")
	wrong := map[string]string{}
	for name, text := range map[string]string{"current_password": current, "new_password": chosen, "confirm_password": repeated} {
		if text == "" {
			wrong[name] = v.T("required")
		}
		if len(text) > 4096 {
			wrong[name] = v.TV("too_long", "Number", "4096")
		}
	}
	bad, status := "", http.StatusBadRequest
	if len(wrong) == 0 {
		wait := v.p.throttle.Allow("password:" + e.User.ID.Hex())
		err := error(nil)
		if wait > 0 {
			bad, status = v.T("too_many"), http.StatusTooManyRequests
		} else if err = v.p.signIn.CheckPasswords(e.User, &current, &chosen, &repeated); err == nil {
			err = v.p.signIn.ChangePassword(v.r.Context(), v.in, e.User, &current, chosen)
		}
		var invalid *wispwright.ValidationError
		switch {
		case wait > 0:
		case err == nil:
			v.tell(flash{Good: v.T("password_changed"), MustLogIn: v.flash.MustLogIn})
			v.to("status")
			return
		case errors.As(err, &invalid):
			for _, x := range invalid.Fields {
				if x.Path == "" {
					bad = v.said(x.Messages)
					continue
				}
				path := x.Path
				if path == "password" {
					path = "new_password"
				}
				wrong[path] = v.said(x.Messages)
			}
		default:
			v.broken(err)
			return
		}
	}
	v.flash.Bad = bad
	if v.flash.MustLogIn {
		v.tell(flash{MustLogIn: true})
	}
	v.show(status, "password", v.T("password_title"), passwordPage{Pattern: v.passwordPattern(v.cfg.Components.PasswordChangeForm.InputFields.Password1), Wrong: wrong, Forced: e.PasswordExpired})
}
