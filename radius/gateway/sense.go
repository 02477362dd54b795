package gateway

import (
	"net/url"
	"strconv"
	"strings"
)

// pfsense is the captive portal of pfSense with a page that leads elsewhere: it says
// portal_action, zone, redirurl, clientmac and clientip, the names of its own
// variables. A form of its own logs the client in.
type pfsense struct{}

// read implements dialect.
func (pfsense) read(g *Gateway, _ *url.URL, q url.Values) (*Visit, error) {
	action := first(q.Get("portal_action"), q.Get("action"))
	u, err := url.Parse(action)
	if action == "" || err != nil {
		return nil, ErrUnknown
	}
	v := &Visit{
		Result: NotYet, MAC: MAC(first(q.Get("clientmac"), q.Get("mac"))), IP: address(first(q.Get("clientip"), q.Get("ip"))), NAS: told(q.Get("zone")), SessionID: told(q.Get("logout_id")),
		Requested: q.Get("redirurl"), Message: told(q.Get("message")), memo: map[string]string{"action": action, "zone": first(q.Get("zone"), u.Query().Get("zone"))},
	}
	switch {
	case q.Get("logout_id") != "":
		v.Result = Already
	case v.Message != "":
		v.Result = Failed
	}
	return v, g.leads(action)
}

// form is a form of the zone of a visit. Its query is a field, so that Action has none.
func (pfsense) form(v *Visit, fields ...Field) Form {
	action, _, _ := strings.Cut(v.memo["action"], "?")
	return Form{Method: "POST", Action: action, Fields: append(fields, Field{"zone", v.memo["zone"]})}
}

// logIn implements dialect.
func (p pfsense) logIn(_ *Gateway, v *Visit, c Credentials) (Form, error) {
	return p.form(v, Field{"auth_user", c.Username}, Field{"auth_pass", c.Password.Reveal()}, Field{"accept", "accept"}, Field{"redirurl", first(c.Landing, v.Requested)}), nil
}

// logOut implements dialect.
func (p pfsense) logOut(_ *Gateway, v *Visit, sessionID string) (Form, error) {
	if sessionID == "" {
		return Form{}, ErrNoForm
	}
	return p.form(v, Field{"logout_id", sessionID}, Field{"logout", "logout"}), nil
}

// opnsense is the captive portal of OPNsense, whose pages call an API of the gateway
// for a zone.
type opnsense struct{}

// read implements dialect.
func (opnsense) read(g *Gateway, _ *url.URL, q url.Values) (*Visit, error) {
	base := q.Get("gateway")
	zone, err := strconv.ParseUint(first(q.Get("zoneid"), "0"), 10, 16)
	u, uerr := url.Parse(base)
	if base == "" || err != nil || uerr != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return nil, ErrUnknown
	}
	v := &Visit{
		Result: NotYet, MAC: MAC(q.Get("clientmac")), IP: address(q.Get("clientip")), NAS: told(q.Get("zoneid")), SessionID: told(q.Get("sessionid")), Requested: withScheme(q.Get("redirurl")),
		memo: map[string]string{"base": strings.TrimSuffix(base, "/"), "zone": strconv.FormatUint(zone, 10)},
	}
	return v, g.leads(base)
}

// withScheme completes the address that OPNsense writes without one.
func withScheme(text string) string {
	if text != "" && !strings.Contains(text, "://") {
		return "http://" + text
	}
	return text
}

// logIn implements dialect.
func (opnsense) logIn(_ *Gateway, v *Visit, c Credentials) (Form, error) {
	return Form{Method: "POST", Action: v.memo["base"] + "/api/captiveportal/access/logon/" + v.memo["zone"] + "/", Fields: []Field{{"user", c.Username}, {"password", c.Password.Reveal()}}}, nil
}

// logOut implements dialect.
func (opnsense) logOut(_ *Gateway, v *Visit, _ string) (Form, error) {
	return Form{Method: "POST", Action: v.memo["base"] + "/api/captiveportal/access/logoff/" + v.memo["zone"] + "/", Fields: []Field{{"user", ""}, {"password", ""}}}, nil
}
