package gateway

import (
	"crypto/md5" //nolint:gosec // the protocol of the gateway
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

// mikrotik is the HotSpot of RouterOS, whose login.html leads to a page elsewhere with
// its variables: link-login-only, link-orig, mac, ip, chap-id, chap-challenge, error.
type mikrotik struct{}

// read implements dialect.
func (mikrotik) read(g *Gateway, _ *url.URL, q url.Values) (*Visit, error) {
	login := first(q.Get("link-login-only"), q.Get("link-login"))
	u, err := url.Parse(login)
	if login == "" || err != nil {
		return nil, ErrUnknown
	}
	u.RawQuery, u.Fragment = "", ""
	out := q.Get("link-logout")
	if out != "" {
		if err := g.leads(out); err != nil {
			return nil, err
		}
	} else {
		logout := *u
		logout.Path = strings.TrimSuffix(logout.Path, "login") + "logout"
		out = logout.String()
	}
	v := &Visit{
		Result: NotYet, MAC: MAC(q.Get("mac")), IP: address(q.Get("ip")), NAS: told(q.Get("identity")), CalledStation: told(q.Get("server-name")), SessionID: told(q.Get("session-id")),
		Requested: first(q.Get("link-orig"), unescaped(q.Get("link-orig-esc"))), Message: told(q.Get("error")),
		memo: map[string]string{"login": u.String(), "logout": strings.SplitN(out, "?", 2)[0], "id": q.Get("chap-id"), "challenge": q.Get("chap-challenge")},
	}
	switch {
	case v.Message != "":
		v.Result = Failed
	case q.Get("logged-in") == "yes":
		v.Result = Already
	}
	return v, g.leads(u.String())
}

// logIn implements dialect. The password goes in clear, unless the router sent a
// challenge and settings want it: MD5(id, password, challenge).
func (mikrotik) logIn(g *Gateway, v *Visit, c Credentials) (Form, error) {
	password := c.Password.Reveal()
	if g.settings.CHAP {
		id, ok := octets(v.memo["id"])
		challenge, ok2 := octets(v.memo["challenge"])
		if !ok || !ok2 || len(id) != 1 || len(challenge) == 0 {
			return Form{}, ErrNoForm
		}
		sum := md5.Sum(append(append(id, password...), challenge...)) //nolint:gosec // as above
		password = hex.EncodeToString(sum[:])
	}
	f := Form{Method: "POST", Action: v.memo["login"], Fields: []Field{{"username", c.Username}, {"password", password}}}
	if to := first(c.Landing, v.Requested); to != "" {
		f.Fields = append(f.Fields, Field{"dst", to})
	}
	return f, nil
}

// octets reads what RouterOS writes as \ooo, octal.
func octets(text string) ([]byte, bool) {
	var out []byte
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		if i+4 > len(text) {
			return nil, false
		}
		n, err := strconv.ParseUint(text[i+1:i+4], 8, 8)
		if err != nil {
			return nil, false
		}
		out = append(out, byte(n))
		i += 4
	}
	return out, true
}

// logOut implements dialect.
func (mikrotik) logOut(_ *Gateway, v *Visit, _ string) (Form, error) {
	return Form{Method: "POST", Action: v.memo["logout"]}, nil
}
