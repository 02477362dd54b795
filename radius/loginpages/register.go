package loginpages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/signin"
)

// registerForm is what the registration page shows.
type registerForm struct {
	Inputs []input
	// Consent asks to accept the texts that the page has.
	Consent bool
	// ConsentWrong says what is wrong with the answer.
	ConsentWrong string
	// Elsewhere are the organizations that somebody is in already.
	Taken     bool
	Elsewhere []radius.Organization
	Info      bool
}

// input is one field of a form.
type input struct {
	Name, Type, Label, Value, Wrong, Pattern, Complete, Hint string
	Required, Checked                                        bool
	Options                                                  []choice
}

type choice struct {
	Value, Text string
	Chosen      bool
}

// registration shows the form.
func (v *visit) registration(rest string) {
	if rest != "" {
		v.policyPage(rest)
		return
	}
	if !v.registers() {
		v.notFound()
		return
	}
	v.seen()
	if e, err := v.entry(); err == nil && e != nil && v.failure == nil {
		v.to("status")
		return
	}
	f := v.newRegisterForm(nil)
	if v.failure != nil {
		v.flash.Bad = v.T("unavailable")
		v.showRegister(http.StatusServiceUnavailable, f)
		return
	}
	v.showRegister(http.StatusOK, f)
}

func (v *visit) showRegister(status int, f *registerForm) {
	v.show(status, "register", v.T("register_title"), f)
}

// newRegisterForm has the fields that the organization asks for. What was typed is
// kept, but for passwords.
func (v *visit) newRegisterForm(wrong map[string]string) *registerForm {
	inputs := v.cfg.Components.RegistrationForm.InputFields
	f := &registerForm{Info: v.cfg.Components.RegistrationForm.AdditionalInfoText.On}
	add := func(i input) {
		if own := inputs[i.Name].Label.In(v.Lang()); own != "" {
			i.Label = own
		}
		i.Hint = inputs[i.Name].Placeholder.In(v.Lang())
		if i.Type != "password" && v.r.PostForm != nil {
			i.Value = v.value(i.Name)
			i.Checked = i.Value != ""
		}
		i.Wrong = wrong[i.Name]
		f.Inputs = append(f.Inputs, i)
	}
	if v.in.SMSVerification {
		add(input{Name: "phone_number", Type: "tel", Label: v.T("phone_label"), Complete: "tel", Required: true})
	}
	add(input{Name: "email", Type: "email", Label: v.T("email_label"), Complete: "email", Required: true, Pattern: inputs["email"].Pattern})
	for _, one := range []struct{ name, setting, label, kind, complete string }{
		{"first_name", v.in.FirstName, "first_name", "text", "given-name"}, {"last_name", v.in.LastName, "last_name", "text", "family-name"},
		{"birth_date", v.in.BirthDate, "birth_date", "date", "bday"}, {"location", v.in.Location, "location", "text", "address-level2"},
	} {
		if one.setting == "allowed" || one.setting == "mandatory" {
			add(input{Name: one.name, Type: one.kind, Label: v.T(one.label), Complete: one.complete, Required: one.setting == "mandatory", Pattern: inputs[one.name].Pattern})
		}
	}
	for _, c := range v.cfg.Components.RegistrationForm.CustomFields {
		i := input{Name: customName(c.Name), Type: c.Type, Label: c.Label.In(v.Lang()), Required: c.Required}
		if i.Label == "" {
			i.Label = c.Name
		}
		for _, o := range c.Options {
			text := o.Text.In(v.Lang())
			if text == "" {
				text = o.Value
			}
			i.Options = append(i.Options, choice{o.Value, text, v.r.PostForm != nil && v.value(i.Name) == o.Value})
		}
		add(i)
	}
	add(input{Name: "password1", Type: "password", Label: v.T("password_label"), Complete: "new-password", Required: true, Pattern: inputs["password"].Pattern})
	add(input{Name: "password2", Type: "password", Label: v.T("repeat_label"), Complete: "new-password", Required: true})
	x := &view{visit: v}
	f.Consent, f.ConsentWrong = x.Terms() || x.Privacy(), wrong["consent"]
	return f
}

// customName is the name of a page's own field in the form.
func customName(name string) string { return "own_" + name }

// maxAnswer is how long an answer to a page's own question may be, in characters.
const maxAnswer = 500

// answers reads the page's own fields.
func (v *visit) answers(wrong map[string]string) map[string]string {
	out := map[string]string{}
	for _, c := range v.cfg.Components.RegistrationForm.CustomFields {
		name := customName(c.Name)
		value := v.value(name)
		switch {
		case value == "":
			if c.Required {
				wrong[name] = v.T("required")
			}
			continue
		case utf8.RuneCountInString(value) > maxAnswer:
			wrong[name] = v.TV("too_long", "Number", strconv.Itoa(maxAnswer))
			continue
		}
		fits := true
		switch c.Type {
		case "number":
			_, err := strconv.ParseFloat(value, 64)
			fits = err == nil
		case "date":
			_, err := time.Parse(time.DateOnly, value)
			fits = err == nil
		case "email":
			fits = strings.Count(value, "@") == 1
		case "select":
			fits = slices.ContainsFunc(c.Options, func(o Option) bool { return o.Value == value })
		case "checkbox":
			value = "true"
		}
		if !fits {
			wrong[name] = v.T("invalid_value")
			continue
		}
		out[c.Name] = value
	}
	return out
}

// register makes an account (spec: login-pages §5.5).
func (v *visit) register(string) {
	if !v.registers() {
		v.notFound()
		return
	}
	v.attempted()
	again := func(status int, bad string, wrong map[string]string) *registerForm {
		v.flash.Bad = bad
		f := v.newRegisterForm(wrong)
		if status != 0 {
			v.showRegister(status, f)
		}
		return f
	}
	if v.failure != nil {
		again(http.StatusServiceUnavailable, v.T("unavailable"), nil)
		return
	}
	if wait := v.p.throttle.Allow("register:" + v.p.o.Source(v.r)); wait > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		again(http.StatusTooManyRequests, v.T("too_many"), nil)
		return
	}
	wrong := map[string]string{}
	fields := v.answers(wrong)
	var faults wispwright.ValidationError
	n := v.newcomer(&faults, wrong)
	x := &view{visit: v}
	if (x.Terms() || x.Privacy()) && v.value("consent") == "" {
		wrong["consent"] = v.T("consent_needed")
	}
	if n.Password != n.Repeated && wrong["password2"] == "" {
		wrong["password2"] = v.T("mismatch")
	}
	if len(wrong) > 0 {
		again(http.StatusBadRequest, v.T("form_wrong"), wrong)
		return
	}
	made, err := v.makeAccount(n, &faults, fields)
	var taken *enrol.TakenError
	var required *enrol.RequiredError
	var invalid *wispwright.ValidationError
	switch {
	case errors.As(err, &taken):
		f := again(0, "", nil)
		f.Taken, f.Elsewhere = true, taken.Organizations
		v.showRegister(http.StatusConflict, f)
	case errors.As(err, &required):
		again(http.StatusBadRequest, v.T("form_wrong"), map[string]string{required.Field: v.T("required")})
	case errors.As(err, &invalid):
		v.refusedRegistration(invalid, again)
	case errors.Is(err, wispwright.ErrForbidden):
		v.notFound()
	case err != nil:
		v.p.o.Log.ErrorContext(v.r.Context(), "a registration failed", "slug", v.slug, "error", err)
		again(http.StatusServiceUnavailable, v.T("unavailable"), nil)
	default:
		v.registered(made)
	}
}

// newcomer is who the form says it is.
func (v *visit) newcomer(faults *wispwright.ValidationError, wrong map[string]string) enrol.Newcomer {
	n := enrol.Newcomer{Email: v.value("email"), Password: v.r.PostForm.Get("password1"), Repeated: v.r.PostForm.Get("password2"),
		FirstName: v.value("first_name"), LastName: v.value("last_name"), Location: v.value("location")}
	n.Username = n.Email
	if v.in.SMSVerification {
		n.Phone, n.Method = strings.ReplaceAll(v.value("phone_number"), " ", ""), "mobile_phone"
		e164, _, ok := v.p.phones.Parse(n.Phone)
		if n.Phone != "" && !ok {
			faults.Add("phone_number", v.T("phone_wrong"))
		}
		if ok {
			n.Phone = e164
		}
		n.Username = n.Phone
	}
	for name, text := range map[string]string{"email": n.Email, "password1": n.Password, "password2": n.Repeated, "phone_number": n.Phone} {
		if text == "" && (name != "phone_number" || v.in.SMSVerification) {
			wrong[name] = v.T("required")
		}
		if len(text) > 4096 {
			wrong[name] = v.TV("too_long", "Number", "4096")
		}
	}
	for name, most := range map[string]int{"first_name": 150, "last_name": 150, "location": 128, "email": 254} {
		if utf8.RuneCountInString(v.value(name)) > most {
			wrong[name] = v.TV("too_long", "Number", strconv.Itoa(most))
		}
	}
	if text := v.value("birth_date"); text != "" {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil || at.Year() < 1900 || at.After(v.p.s.base.Now()) {
			wrong["birth_date"] = v.T("invalid_value")
		}
		n.BirthDate = at
	}
	return n
}

// makeAccount makes the account, and keeps with it what was accepted and answered: all
// or nothing.
func (v *visit) makeAccount(n enrol.Newcomer, faults *wispwright.ValidationError, fields map[string]string) (made *enrol.Admitted, err error) {
	before := *faults
	err = v.p.s.base.Do(v.r.Context(), "loginpages.Register", func(ctx context.Context) error {
		known := before // it may run again
		if made, err = v.p.enrolment.Register(ctx, v.in, n, &known); err != nil {
			return err
		}
		org := v.in.Organization.ID
		terms, privacy, err := v.p.s.keepVersions(ctx, org, v.shelf, v.cfg, v.Lang())
		if err != nil {
			return err
		}
		return v.p.s.keepSignup(ctx, &Signup{OrganizationID: org, UserID: made.Account.ID, Username: made.Account.Username, Language: v.Lang(), TermsID: terms, PrivacyID: privacy}, fields)
	})
	return made, err
}

func (v *visit) refusedRegistration(invalid *wispwright.ValidationError, again func(int, string, map[string]string) *registerForm) {
	wrong, bad := map[string]string{}, v.T("form_wrong")
	for _, x := range invalid.Fields {
		text := v.said(x.Messages)
		switch {
		case x.Path == "" || x.Path == "method":
			bad = text
		case x.Path == "username" && v.in.SMSVerification:
			wrong["phone_number"] = text
		case x.Path == "username":
			wrong["email"] = text
		default:
			wrong[x.Path] = text
		}
	}
	again(http.StatusBadRequest, bad, wrong)
}

// registered logs a newcomer in.
func (v *visit) registered(made *enrol.Admitted) {
	e, err := v.p.signIn.Recognise(v.r.Context(), v.in, made.Key.Reveal())
	if err != nil {
		v.broken(err)
		return
	}
	v.remember(e, v.cfg.Components.LoginForm.InputFields.RememberMe.Value)
	if err := v.p.s.expect(v.r.Context(), v.in.Organization.ID, e.User.Username); err != nil {
		v.p.o.Log.WarnContext(v.r.Context(), "somebody is missing in the funnel", "error", err)
	}
	v.onward(e, "")
}

// complete asks somebody who came from another organization how the identity is to be
// verified (additions: L-8).
func (v *visit) complete(string) {
	e := v.enter()
	if e == nil {
		return
	}
	if !v.choosing(e) || v.p.enrolment == nil {
		v.to("status")
		return
	}
	v.show(http.StatusOK, "complete", v.T("complete_title"), struct{ Phone bool }{v.in.SMSVerification})
}

// choose takes the answer.
func (v *visit) choose(string) {
	e := v.enter()
	if e == nil {
		return
	}
	if !v.choosing(e) || v.p.enrolment == nil {
		v.to("status")
		return
	}
	method := ""
	if v.in.SMSVerification {
		method = "mobile_phone"
	}
	err := v.p.enrolment.Choose(v.r.Context(), e.User.ID, v.in.Organization.ID, method)
	var invalid *wispwright.ValidationError
	if errors.As(err, &invalid) {
		v.tell(flash{Bad: v.said(invalid.Fields[0].Messages)})
		v.to("complete-registration")
		return
	}
	if err != nil {
		v.broken(err)
		return
	}
	v.again(e)
}

// again leads somebody on whose registration changed.
func (v *visit) again(e *signin.Entry) {
	now, err := v.p.signIn.Recognise(v.r.Context(), v.in, e.Key.Reveal())
	if err != nil {
		v.broken(err)
		return
	}
	v.who = now
	v.onward(now, "")
}
