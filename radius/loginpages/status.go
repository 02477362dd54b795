package loginpages

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/signin"
)

// statusPage is what somebody sees who is logged in.
type statusPage struct {
	Username, Email, Phone string
	// Portal is the form that opens the captive portal; Connect offers it.
	Portal  *portalForm
	Connect bool
	// Verified is false for somebody who must be verified first.
	Verified bool
	Open     []sessionRow
	Past     []sessionRow
	Usage    []usageRow
	// Exhausted: a limit is used up.
	Exhausted bool
	// More is the number of the next page of past sessions.
	More int
	// ByOne offers to end each open session.
	ByOne bool
	// AutoLogin offers to log in without asking next time.
	AutoLogin bool
	// Internet: the page is not looked at through the captive portal.
	Internet bool
	Next     string
	Links    []Link
}

type sessionRow struct {
	ID, Start, Stop, Duration, Down, Up, Device string
}

type usageRow struct {
	Used, Limit string
	Percent     int
	Full        bool
	Label       string
}

// pastSessions is how many sessions that ended a page has.
const pastSessions = 10

// enter finds out who it is for pages of people who are known; nil when the answer
// was given already.
func (v *visit) enter() *signin.Entry {
	if v.failure != nil {
		v.broken(v.failure)
		return nil
	}
	e, err := v.entry()
	switch {
	case err != nil:
		v.broken(err)
	case e == nil:
		v.to("login" + v.query())
	case !e.User.IsActive:
		v.forget()
		v.tell(flash{Bad: v.T("inactive")})
		v.to("login")
	default:
		return e
	}
	return nil
}

// status shows the session, and sends people into the captive portal that does not
// know of them yet (spec: login-pages §5.2).
func (v *visit) status(string) {
	q := v.r.URL.Query()
	v.noteDevice()
	if q.Get("mode") == "internet" {
		v.keep("internet", "1", 0)
		v.to("status")
		return
	}
	e := v.enter()
	if e == nil {
		return
	}
	if reply := q.Get("reply"); reply != "" {
		// what the captive portal says of somebody whom it does not let in
		v.flash = flash{Bad: v.TV("portal_refused", "Reply", shorten(reply, 200))}
	}
	switch {
	case e.PasswordExpired:
		v.tell(flash{Bad: v.T("password_expired"), MustLogIn: true})
		v.to("change-password")
		return
	case v.choosing(e):
		v.to("complete-registration")
		return
	case v.proving(e):
		v.to("mobile-phone-verification")
		return
	}
	page, err := v.statusOf(e)
	if err != nil {
		v.broken(err)
		return
	}
	name := "status"
	if q.Get("part") != "" {
		v.part(page)
		return
	}
	v.show(http.StatusOK, name, v.T("status_title"), page)
}

// part answers with the sessions and the usage alone, which the script puts in.
func (v *visit) part(page *statusPage) {
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	if err := v.p.sets["status"].ExecuteTemplate(v.w, "sessions", &view{v, "status", "", page}); err != nil {
		v.p.o.Log.WarnContext(v.r.Context(), "a part of the status page was not sent", "error", err)
	}
}

func (v *visit) statusOf(e *signin.Entry) (*statusPage, error) {
	ctx, org := v.r.Context(), v.in.Organization.ID
	out := &statusPage{Username: e.User.Username, Email: e.User.Email, Verified: e.Accepted, ByOne: v.cfg.Components.CaptivePortalLogoutForm.LogoutBySession && v.cfg.Components.CaptivePortalLogoutForm.Action != "",
		Internet: v.cookie("internet") != "", AutoLogin: v.cookie("auth_token") != "", Next: v.next(v.cookie("next")), Links: v.cfg.Components.StatusPage.Links}
	if v.in.SMSVerification {
		out.Phone = e.User.PhoneNumber
	}
	if out.Username == out.Email || out.Username == e.User.PhoneNumber {
		out.Username = ""
	}
	open, closed := true, false
	now, err := v.p.r.Accounting.List(ctx, wispwright.ScopeOf(org), radius.SessionFilter{OrganizationID: org, Username: e.User.Username, IsOpen: &open}, wispwright.Page{Limit: 20, NoTotal: true})
	if err != nil {
		return nil, err
	}
	page := 1
	if n, err := strconv.Atoi(v.r.URL.Query().Get("page")); err == nil && n > 1 && n < 1000 {
		page = n
	}
	past, err := v.p.r.Accounting.List(ctx, wispwright.ScopeOf(org), radius.SessionFilter{OrganizationID: org, Username: e.User.Username, IsOpen: &closed}, wispwright.Page{Offset: 0, Limit: page*pastSessions + 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, s := range now.Rows {
		out.Open = append(out.Open, v.row(s))
	}
	for i, s := range past.Rows {
		if i == page*pastSessions {
			out.More = page + 1
			break
		}
		out.Past = append(out.Past, v.row(s))
	}
	if v.cfg.Components.StatusPage.RadiusUsageEnabled {
		if out.Usage, out.Exhausted, err = v.usage(e); err != nil {
			return nil, err
		}
	}
	portal := !out.Internet && v.hasPortal()
	switch {
	case portal && v.flash.MustLogIn && e.Accepted:
		entered, err := v.p.signIn.Return(ctx, v.in, e.Key.Reveal()) // with a password for RADIUS
		if err != nil {
			return nil, err
		}
		if out.Portal, err = v.openPortal(e, entered.Token); err != nil {
			return nil, err
		}
		if out.Portal == nil {
			out.Connect = len(out.Open) == 0
			break
		}
		out.Portal.Next = out.Next
		v.drop("next")
	case portal && e.Accepted && len(out.Open) == 0:
		out.Connect = true
	}
	return out, nil
}

// usage are the limits of a user. A limit of nothing is not shown; people are at the end
// when one is used up (additions: L-5).
func (v *visit) usage(e *signin.Entry) (rows []usageRow, exhausted bool, err error) {
	list, err := v.p.r.Authorizer.Usage(v.r.Context(), account(e), v.in.Organization.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, false, nil // without a group there are no limits
	}
	if err != nil {
		return nil, false, err
	}
	zeros := 0
	for _, u := range list {
		limit, err := strconv.ParseInt(u.Check.Value, 10, 64)
		if err != nil || u.Used == nil || u.Unit == "" {
			continue
		}
		if limit <= 0 {
			zeros++
			continue
		}
		r := usageRow{Percent: int(min(100, float64(*u.Used)/float64(limit)*100)), Full: *u.Used >= limit, Label: v.T("traffic")}
		if u.Unit == "seconds" {
			r.Label, r.Used, r.Limit = v.T("time"), duration(*u.Used), duration(limit)
		} else {
			r.Used, r.Limit = octets(*u.Used), octets(limit)
		}
		exhausted = exhausted || r.Full
		rows = append(rows, r)
	}
	return rows, exhausted || zeros > 0 && zeros == len(list), nil
}

func (v *visit) row(s *radius.Session) sessionRow {
	number := func(n *int64) int64 {
		if n == nil {
			return 0
		}
		return *n
	}
	// the access server sends what people download
	down, up := number(s.OutputOctets), number(s.InputOctets)
	if v.cfg.Components.StatusPage.AccountingSwapOctet {
		down, up = up, down
	}
	out := sessionRow{ID: s.UniqueID, Start: v.when(s.StartTime), Stop: v.when(s.StopTime), Duration: duration(number(s.SessionTime)), Down: octets(down), Up: octets(up)}
	if s.CallingStationID != nil {
		out.Device = *s.CallingStationID
	}
	return out
}

func (v *visit) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(v.p.s.zone).Format("2006-01-02 15:04")
}

// octets is an amount in decimal units.
func octets(n int64) string {
	units, x, i := []string{"B", "kB", "MB", "GB", "TB", "PB"}, float64(n), 0
	for x >= 1000 && i < len(units)-1 {
		x, i = x/1000, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") + " " + units[i]
}

// duration is a time as h:mm:ss.
func duration(seconds int64) string {
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

func shorten(text string, n int) string {
	r := []rune(text)
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return text
}

// connect sends somebody who is known to the captive portal again.
func (v *visit) connect(string) {
	if v.enter() == nil {
		return
	}
	v.drop("auto_login")
	v.tell(flash{MustLogIn: true})
	v.to("status")
}

// logoutPage closes the captive portal after a log-out.
type logoutPage struct {
	Portal *portalForm
	// Wait is how long is waited after it, in milliseconds, and Then where it goes on.
	Wait int
	Then string
	// Again offers to log in again without asking.
	Again bool
}

// logOut forgets the user and closes the session of the captive portal (spec:
// login-pages §5.4).
func (v *visit) logOut(string) {
	e := v.enter()
	if e == nil {
		return
	}
	session, err := v.openSession(e)
	if err != nil {
		v.broken(err)
		return
	}
	page := &logoutPage{Wait: v.cfg.Components.CaptivePortalLogoutForm.WaitAfter, Then: v.Base() + "/login"}
	if v.value("auto_login") != "" {
		v.keep("auto_login", "1", 24*time.Hour)
		page.Then = v.Base() + "/logout"
	} else {
		v.forget()
		v.drop("macaddr")
	}
	if e.Registration != nil && e.Registration.Method == "saml" && v.cfg.Components.StatusPage.SAMLLogoutURL != "" {
		page.Then = v.cfg.Components.StatusPage.SAMLLogoutURL
	}
	if session != "" && v.cookie("internet") == "" {
		page.Portal = v.closePortal(session)
	}
	if page.Portal == nil {
		v.tell(flash{Good: v.T("logged_out")})
		http.Redirect(v.w, v.r, page.Then, http.StatusSeeOther)
		return
	}
	v.tell(flash{Good: v.T("logged_out")})
	v.show(http.StatusOK, "logout", v.T("logging_out"), page)
}

// openSession is the session that a log-out ends: of this device, or the latest one.
func (v *visit) openSession(e *signin.Entry) (string, error) {
	open, org := true, v.in.Organization.ID
	f := radius.SessionFilter{OrganizationID: org, Username: e.User.Username, IsOpen: &open}
	if mac := v.device(); mac != "" {
		f.Calling = colons(mac)
		found, err := v.p.r.Accounting.List(v.r.Context(), wispwright.ScopeOf(org), f, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil || len(found.Rows) > 0 {
			return first(found.Rows), err
		}
		f.Calling = ""
	}
	found, err := v.p.r.Accounting.List(v.r.Context(), wispwright.ScopeOf(org), f, wispwright.Page{Limit: 1, NoTotal: true})
	return first(found.Rows), err
}

func first(list []*radius.Session) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].SessionID
}

// colons is a MAC address in small letters with colons.
func colons(mac string) string {
	plain := strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(mac))
	parts := make([]string, 0, 6)
	for i := 0; i+1 < len(plain); i += 2 {
		parts = append(parts, plain[i:i+2])
	}
	return strings.Join(parts, ":")
}

// endSession ends one session of the user's.
func (v *visit) endSession(string) {
	e := v.enter()
	if e == nil {
		return
	}
	s, err := v.p.r.Accounting.Get(v.r.Context(), wispwright.ScopeOf(v.in.Organization.ID), v.value("session"))
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && (s.Username == nil || *s.Username != e.User.Username || !s.IsOpen()) {
		v.tell(flash{Bad: v.T("session_gone")})
		v.to("status")
		return
	}
	if err != nil {
		v.broken(err)
		return
	}
	portal := v.logoutPortal(s.SessionID)
	if portal == nil {
		v.to("status")
		return
	}
	v.show(http.StatusOK, "logout", v.T("logging_out"), &logoutPage{Portal: portal, Wait: v.cfg.Components.CaptivePortalLogoutForm.WaitAfter, Then: v.Base() + "/status"})
}

// loggedOut is where people are who want to come in again without asking.
func (v *visit) loggedOut(string) {
	if v.failure != nil {
		v.broken(v.failure)
		return
	}
	e, err := v.entry()
	switch {
	case err != nil:
		v.broken(err)
	case e == nil:
		v.to("login")
	case v.cookie("auto_login") == "":
		v.to("status")
	default:
		v.show(http.StatusOK, "logout", v.T("logged_out"), &logoutPage{Again: true})
	}
}

// apart keeps a number and its unit together where texts run from right to left.
func (x *view) apart(text string) string {
	if x.Direction() != "rtl" {
		return text
	}
	return "\u2066" + text + "\u2069"
}

// Used says how much of a limit was used.
func (x *view) Used(r usageRow) string {
	return x.words.say("used_of", map[string]string{"Used": x.apart(r.Used), "Limit": x.apart(r.Limit)})
}
