package loginpages

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/signin"
)

// loginForm is what the log-in page shows.
type loginForm struct {
	Username string
	Remember bool
	// Next is where people wanted to go.
	Next string
	// Code asks for the second factor, Link is a magic link's token, Return the key that
	// a log-in elsewhere came back with.
	Code         bool
	Link, Return string
	// Voucher names the fields as a voucher does.
	Voucher bool
	Wrong   map[string]string
	// Phone: the name is a telephone number.
	Phone     bool
	Pattern   string
	Type      string
	Label     string
	Hint      string
	Described string
	// Registers: people may make accounts.
	Registers bool
}

func (v *visit) home(string) { v.to("login" + v.query()) }

func (v *visit) query() string {
	if q := v.r.URL.RawQuery; q != "" {
		return "?" + q
	}
	return ""
}

// newLoginForm is an empty form as the configuration says.
func (v *visit) newLoginForm() *loginForm {
	f := v.cfg.Components.LoginForm.InputFields
	out := &loginForm{Remember: f.RememberMe.Value, Type: f.Username.Type, Pattern: f.Username.Pattern, Label: f.Username.Label.In(v.Lang()), Hint: f.Username.Placeholder.In(v.Lang()),
		Described: f.Username.PatternDescription.In(v.Lang()), Registers: v.registers() && v.cfg.Components.LoginForm.Buttons.Register, Wrong: map[string]string{}}
	if f.Username.AutoSwitch != nil {
		out.Phone = *f.Username.AutoSwitch
	} else {
		out.Phone = v.in.SMSVerification && f.Username.Type != "text"
	}
	if out.Type != "email" {
		out.Type = "text"
	}
	if out.Phone {
		out.Type, out.Pattern = "tel", ""
	}
	if out.Label == "" {
		out.Label = v.T("username_label")
		if out.Phone {
			out.Label = v.T("phone_label")
		} else if out.Type == "email" {
			out.Label = v.T("email_label")
		}
	}
	return out
}

// registers reports whether people may make accounts here.
func (v *visit) registers() bool { return v.p.enrolment != nil && v.in.RegistrationEnabled }

// login shows the form, and takes what the captive portal, a letter or another
// service comes with (spec: login-pages §5.1, §5.2).
func (v *visit) login(rest string) {
	if rest != "" {
		v.policyPage(rest)
		return
	}
	q := v.r.URL.Query()
	v.noteDevice()
	came := v.arrive()
	v.seen()
	f := v.newLoginForm()
	f.Next = v.next(q.Get("next"))
	f.Voucher = q.Get("voucher") != ""
	if link := q.Get(v.cfg.Settings.PasswordlessAuthTokenName); link != "" && len(link) <= 1000 {
		// mail programs look at links: only a form logs in
		f.Link = link
		v.showLogin(http.StatusOK, f)
		return
	}
	if token := q.Get("token"); token != "" && q.Get("username") != "" && len(token) <= 200 {
		f.Return, f.Username = token, q.Get("username")
		v.showLogin(http.StatusOK, f)
		return
	}
	e, err := v.entry()
	if err == nil {
		err = v.failure
	}
	if err != nil {
		v.unavailable(f)
		return
	}
	if e != nil && e.User.IsActive {
		if v.cookie("auto_login") != "" {
			v.to("logout")
			return
		}
		if !v.arrived(came) {
			v.to("status")
		}
		return
	}
	if came != nil {
		if told := v.outcome(came); told != (flash{}) {
			v.flash = told
		}
	}
	v.showLogin(http.StatusOK, f)
}

func (v *visit) showLogin(status int, f *loginForm) { v.show(status, "login", v.T("login_title"), f) }

// unavailable says that nothing works now, and keeps what was typed.
func (v *visit) unavailable(f *loginForm) {
	v.flash.Bad = v.T("unavailable")
	v.showLogin(http.StatusServiceUnavailable, f)
}

// noteDevice keeps the address of the device that the captive portal tells (spec:
// login-pages §5.2 a, additions: L-3).
func (v *visit) noteDevice() {
	q := v.r.URL.Query()
	for _, name := range []string{v.cfg.Components.CaptivePortalLoginForm.MACAddrParamName, "calling_station_id"} {
		if mac := q.Get(name); name != "" && macForm.MatchString(mac) {
			v.keep("macaddr", mac, 24*time.Hour)
			return
		}
	}
}

var macForm = regexp.MustCompile(`^[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}$`)

// device is the address of the device, "" when it is not known.
func (v *visit) device() string {
	if mac := v.cookie("macaddr"); macForm.MatchString(mac) {
		return mac
	}
	return ""
}

// seen and attempted count a browser once a day.
func (v *visit) seen()      { v.once("seen", seen) }
func (v *visit) attempted() { v.once("tried", tried) }

func (v *visit) once(name string, s step) {
	day := v.p.s.today()
	if v.preview || v.cookie(name) == day {
		return
	}
	v.keep(name, day, 24*time.Hour)
	v.p.s.funnel.count(v.in.Organization.ID, day, s)
}

// logIn takes the form.
func (v *visit) logIn(string) {
	v.attempted()
	f := v.newLoginForm()
	f.Username, f.Link, f.Return = v.value("username"), v.value("link"), v.value("return")
	f.Remember, f.Next, f.Voucher = v.value("remember_me") != "", v.next(v.value("next")), v.value("voucher") != ""
	password := v.r.PostForm.Get("password")
	if f.Phone {
		f.Username = strings.ReplaceAll(f.Username, " ", "")
	}
	if v.cfg.Settings.RadiusRealms && strings.Contains(f.Username, "@") && f.Link == "" && f.Return == "" {
		v.realm(f.Username, password)
		return
	}
	if v.failure != nil {
		v.unavailable(f)
		return
	}
	e, err := v.letIn(f, password)
	if err != nil {
		v.refused(f, err)
		return
	}
	if !e.User.IsActive {
		v.flash.Bad = v.T("inactive")
		v.showLogin(http.StatusUnauthorized, f)
		return
	}
	v.remember(e, f.Remember && f.Link == "" && f.Return == "")
	v.drop("auto_login")
	if err := v.p.s.expect(v.r.Context(), v.in.Organization.ID, e.User.Username); err != nil {
		v.p.o.Log.WarnContext(v.r.Context(), "somebody is missing in the funnel", "error", err)
	}
	v.onward(e, f.Next)
}

// letIn finds out who it is, by whatever was shown.
func (v *visit) letIn(f *loginForm, password string) (*signin.Entry, error) {
	ctx := v.r.Context()
	if f.Return != "" {
		e, err := v.p.signIn.Return(ctx, v.in, f.Return)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil, wispwright.Forbidden(signin.WrongLink)
		}
		return e, err
	}
	if f.Link == "" && (f.Username == "" || password == "") {
		var wrong wispwright.ValidationError
		for name, value := range map[string]string{"username": f.Username, "password": password} {
			if value == "" {
				wrong.Add(name, v.T("required"))
			}
		}
		return nil, wrong.Err()
	}
	u, byPassword, err := v.p.signIn.Prove(ctx, signin.Credentials{Identifier: f.Username, Password: password, Code: v.value("otp"), Link: f.Link, Source: v.p.o.Source(v.r)})
	if err != nil {
		return nil, err
	}
	return v.p.signIn.Enter(ctx, v.in, u, byPassword)
}

// refused shows the form again with what is wrong. The password is asked for again;
// everything else is kept.
func (v *visit) refused(f *loginForm, err error) {
	var invalid *wispwright.ValidationError
	var forbidden *wispwright.ForbiddenError
	switch {
	case errors.As(err, &invalid):
		for _, x := range invalid.Fields {
			switch {
			case x.Path == "otp":
				f.Code = true
				f.Wrong["otp"] = v.T("otp_wrong")
				if v.value("otp") == "" {
					f.Wrong["otp"] = v.T("otp_needed")
				}
			case x.Path == "":
				v.flash.Bad = v.said(x.Messages)
			default:
				f.Wrong[x.Path] = strings.Join(x.Messages, " ")
			}
		}
		v.showLogin(http.StatusUnauthorized, f)
	case errors.As(err, &forbidden):
		f.Link, f.Return = "", ""
		v.flash.Bad = v.said([]string{forbidden.Message})
		v.showLogin(http.StatusForbidden, f)
	default:
		v.p.o.Log.ErrorContext(v.r.Context(), "a log-in failed", "slug", v.slug, "error", err)
		v.unavailable(f)
	}
}

// said are sentences of the services in the language of the page, where it has them.
func (v *visit) said(messages []string) string {
	ids := map[string]string{
		signin.WrongCredentials: "wrong_credentials", signin.WrongLink: "wrong_link", signin.WrongPassword: "wrong_password", signin.SamePassword: "same_password",
		signin.Mismatch: "mismatch", signin.InvalidValue: "invalid_link",
	}
	out := make([]string, len(messages))
	for i, m := range messages {
		if id, ok := ids[m]; ok {
			m = v.T(id)
		}
		out[i] = m
	}
	return strings.Join(out, " ")
}

// onward leads somebody who is known to what comes next.
func (v *visit) onward(e *signin.Entry, next string) {
	switch {
	case e.PasswordExpired:
		v.tell(flash{Bad: v.T("password_expired"), MustLogIn: true})
		v.to("change-password")
	case v.choosing(e):
		v.to("complete-registration")
	case v.proving(e):
		v.sendFirst(e)
		v.to("mobile-phone-verification")
	default:
		v.tell(flash{Good: v.T("logged_in"), MustLogIn: true})
		if next != "" && !v.hasPortal() {
			http.Redirect(v.w, v.r, next, http.StatusSeeOther)
			return
		}
		if next != "" {
			v.keep("next", next, 5*time.Minute)
		}
		v.to("status")
	}
}

// language keeps the chosen language and goes back.
func (v *visit) language(tag string) {
	for _, l := range v.cfg.Client.Languages {
		if strings.EqualFold(l.Slug, tag) {
			v.keep("lang", l.Slug, 365*24*time.Hour)
		}
	}
	back := v.next(v.r.URL.Query().Get("back"))
	if back == "" || strings.Contains(back, ":") {
		back = v.Base() + "/login"
	}
	http.Redirect(v.w, v.r, back, http.StatusSeeOther)
}

// policyPage shows a policy.
func (v *visit) policyPage(name string) {
	kind := Kind(name)
	if kind != Terms && kind != Privacy {
		v.notFound()
		return
	}
	text := v.shelf.policyText(v.cfg, kind, v.Lang())
	if text == "" {
		v.notFound()
		return
	}
	body, err := v.p.s.cleaner.render(text)
	if err != nil {
		v.broken(err)
		return
	}
	title := v.T("terms")
	if kind == Privacy {
		title = v.T("privacy")
	}
	v.show(http.StatusOK, "policy", title, struct{ Body html }{body})
}
