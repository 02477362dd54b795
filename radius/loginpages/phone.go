package loginpages

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/signin"
)

// phonePage asks for the code that was sent to a telephone.
type phonePage struct {
	Phone, Wrong, Pattern string
	// Wait is how many seconds pass until another code may be sent.
	Wait int
}

// changePage asks for another number.
type changePage struct{ Phone, Wrong string }

// sendFirst sends a code, unless one is waited for. What goes wrong is told on the next
// page, where another one can be asked for.
func (v *visit) sendFirst(e *signin.Entry) {
	ctx, org := v.r.Context(), v.in.Organization.ID
	waits, err := v.p.enrolment.Codes.Waits(ctx, account(e), org)
	if err == nil && !waits {
		var wait time.Duration
		if wait, err = v.p.enrolment.Codes.Send(ctx, account(e), v.in, "", v.p.o.Address(v.r)); err == nil {
			v.holdOff(wait)
			v.tell(flash{Good: v.T("code_sent"), MustLogIn: true})
			return
		}
	}
	v.tell(flash{Bad: v.unsent(err), MustLogIn: true})
}

// holdOff remembers until when no other code may be asked for.
func (v *visit) holdOff(wait time.Duration) {
	if wait > 0 {
		v.keep("wait", v.p.s.base.Now().Add(wait).UTC().Format(time.RFC3339), wait)
	}
}

// unsent says why no code was sent, "" if nothing went wrong.
func (v *visit) unsent(err error) string {
	var wait *enrol.WaitError
	var verified *enrol.VerifiedError
	var invalid *wispwright.ValidationError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &wait):
		v.holdOff(wait.Wait)
		return v.TV("code_wait", "Seconds", strconv.Itoa(int(wait.Wait/time.Second)))
	case errors.As(err, &verified):
		return v.T("verified_already")
	case errors.As(err, &invalid) && len(invalid.Fields) > 0:
		return v.said(invalid.Fields[0].Messages)
	}
	v.p.o.Log.ErrorContext(v.r.Context(), "a code was not sent", "slug", v.slug, "error", err)
	return v.T("unavailable")
}

func account(e *signin.Entry) *radius.Account {
	u := e.User
	return &radius.Account{ID: u.ID, Username: u.Username, Email: u.Email, Phone: u.PhoneNumber, FirstName: u.FirstName, LastName: u.LastName, IsActive: u.IsActive,
		IsSuperuser: u.IsSuperuser, IsStaff: u.IsStaff, Joined: u.DateJoined, Expires: u.ExpirationDate}
}

// enterUnproven is enter for somebody whose telephone is to be verified; nil when the
// answer was given already.
func (v *visit) enterUnproven() *signin.Entry {
	if !v.in.SMSVerification || v.p.enrolment == nil {
		v.to("status")
		return nil
	}
	e := v.enter()
	if e != nil && !v.proving(e) {
		v.to("status")
		return nil
	}
	return e
}

// verification asks for the code (spec: login-pages §5.6).
func (v *visit) verification(string) {
	if e := v.enterUnproven(); e != nil {
		v.showVerification(http.StatusOK, e, "")
	}
}

func (v *visit) showVerification(status int, e *signin.Entry, wrong string) {
	phone, err := v.p.signIn.Proving(v.r.Context(), v.in, e)
	if err != nil {
		v.broken(err)
		return
	}
	if phone == "" {
		phone = e.User.PhoneNumber
	}
	page := phonePage{Phone: phone, Wrong: wrong, Pattern: v.cfg.Components.MobilePhoneVerificationForm.InputFields.Code.Pattern}
	if at, err := time.Parse(time.RFC3339, v.cookie("wait")); err == nil {
		page.Wait = max(0, min(3600, int(at.Sub(v.p.s.base.Now())/time.Second)))
	}
	if v.flash.MustLogIn { // kept for the status page
		v.tell(flash{MustLogIn: true})
	}
	v.show(status, "phone", v.T("phone_title"), page)
}

// verify takes the code, or sends another one.
func (v *visit) verify(string) {
	e := v.enterUnproven()
	if e == nil {
		return
	}
	ctx := v.r.Context()
	if v.value("resend") != "" {
		phone, err := v.p.signIn.Proving(ctx, v.in, e)
		if err != nil {
			v.broken(err)
			return
		}
		if phone == e.User.PhoneNumber {
			phone = ""
		}
		wait, err := v.p.enrolment.Codes.Send(ctx, account(e), v.in, phone, v.p.o.Address(v.r))
		if err != nil {
			v.tell(flash{Bad: v.unsent(err), MustLogIn: true})
		} else {
			v.holdOff(wait)
			v.tell(flash{Good: v.T("code_sent"), MustLogIn: true})
		}
		v.to("mobile-phone-verification")
		return
	}
	code := strings.ReplaceAll(v.value("code"), " ", "")
	if code == "" || len(code) > 8 {
		v.showVerification(http.StatusBadRequest, e, v.T("code_needed"))
		return
	}
	err := v.p.enrolment.Codes.Verify(ctx, account(e), v.in, code)
	var invalid *wispwright.ValidationError
	var verified *enrol.VerifiedError
	switch {
	case errors.As(err, &invalid) && len(invalid.Fields) > 0:
		v.showVerification(http.StatusBadRequest, e, v.said(invalid.Fields[0].Messages))
	case err != nil && !errors.As(err, &verified):
		v.broken(err)
	default:
		v.drop("wait")
		v.again(e)
	}
}

// changePhone asks for another number.
func (v *visit) changePhone(string) {
	e := v.enterPhone()
	if e != nil {
		v.show(http.StatusOK, "phone_change", v.T("phone_change_title"), changePage{Phone: e.User.PhoneNumber})
	}
}

// enterPhone is enter for those who have a telephone number here.
func (v *visit) enterPhone() *signin.Entry {
	e := v.enter()
	if e == nil {
		return nil
	}
	if r := e.Registration; !v.in.SMSVerification || v.p.enrolment == nil || r != nil && r.Method != "mobile_phone" {
		v.to("status")
		return nil
	}
	return e
}

// savePhone begins to change the number: a code is sent to it.
func (v *visit) savePhone(string) {
	e := v.enterPhone()
	if e == nil {
		return
	}
	phone := strings.ReplaceAll(v.value("phone_number"), " ", "")
	wrong := ""
	if phone == "" {
		wrong = v.T("required")
	} else if _, _, ok := v.p.phones.Parse(phone); !ok {
		wrong = v.T("phone_wrong")
	} else if err := v.p.enrolment.Codes.Change(v.r.Context(), account(e), v.in, phone, v.p.o.Address(v.r)); err != nil {
		wrong = v.unsent(err)
	}
	if wrong != "" {
		v.show(http.StatusBadRequest, "phone_change", v.T("phone_change_title"), changePage{phone, wrong})
		return
	}
	v.holdOff(time.Duration(v.in.SMSCooldown) * time.Second)
	v.tell(flash{Good: v.T("code_sent"), MustLogIn: true})
	v.to("mobile-phone-verification")
}
