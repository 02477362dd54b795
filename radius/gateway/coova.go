package gateway

import (
	"crypto/md5" //nolint:gosec // the protocol of the gateway
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// coova is the Universal Access Method of ChilliSpot and CoovaChilli. The gateway
// sends a challenge of 16 octets; the password travels as exclusive or with
// MD5(challenge, secret), or as MD5(0, password, MD5(challenge, secret)).
type coova struct{}

// read implements dialect. With a secret the gateway signs the whole address.
func (coova) read(g *Gateway, u *url.URL, q url.Values) (*Visit, error) {
	result, known := map[string]Result{
		"notyet": NotYet, "wispr": NotYet, "smartclient": NotYet, "success": Success, "failed": Failed, "reject": Failed, "already": Already, "logoff": LoggedOut,
		"popup1": NotYet, "popup2": Success, "popup3": LoggedOut,
	}[q.Get("res")]
	port, err := strconv.ParseUint(q.Get("uamport"), 10, 16)
	host := address(q.Get("uamip"))
	if !known || err != nil || port == 0 || !host.IsValid() {
		return nil, ErrUnknown
	}
	key, name := g.key(told(q.Get("nasid")))
	if key != "" && !signed(u, key.Reveal()) {
		return nil, ErrForged
	}
	base := "http://" + net.JoinHostPort(host.String(), strconv.FormatUint(port, 10))
	if err := g.leads(base); err != nil {
		return nil, err
	}
	return &Visit{
		Result: result, MAC: MAC(q.Get("mac")), IP: address(q.Get("ip")), CalledStation: told(q.Get("called")), NAS: name, SessionID: told(q.Get("sessionid")),
		Requested: q.Get("userurl"), Message: told(q.Get("reply")), Proven: key != "", key: key, memo: map[string]string{"base": base, "challenge": q.Get("challenge")},
	}, nil
}

// signed compares the signature that ends an address: MD5(address, secret), in hex. A
// proxy in front of the pages may have changed the scheme.
func signed(u *url.URL, secret string) bool {
	i := strings.LastIndex(u.RawQuery, "&md=")
	if i < 0 {
		return false
	}
	md := u.RawQuery[i+len("&md="):]
	good := 0
	for _, scheme := range []string{"http", "https"} {
		sum := md5.Sum([]byte(scheme + "://" + u.Host + u.EscapedPath() + "?" + u.RawQuery[:i] + secret)) //nolint:gosec // as above
		good |= subtle.ConstantTimeCompare([]byte(strings.ToUpper(hex.EncodeToString(sum[:]))), []byte(strings.ToUpper(md)))
	}
	return good == 1
}

// logIn implements dialect.
func (coova) logIn(g *Gateway, v *Visit, c Credentials) (Form, error) {
	challenge, err := hex.DecodeString(v.memo["challenge"])
	if err != nil || len(challenge) != md5.Size {
		return Form{}, ErrNoForm
	}
	f := Form{Method: "GET", Action: v.memo["base"] + "/logon", Fields: []Field{{"username", c.Username}}}
	if secret := v.key.Reveal(); secret != "" {
		sum := md5.Sum(append(challenge, secret...)) //nolint:gosec // as above
		challenge = sum[:]
	}
	if password := []byte(c.Password.Reveal()); g.settings.CHAP {
		sum := md5.Sum(append(append([]byte{0}, password...), challenge...)) //nolint:gosec // as above
		f.Fields = append(f.Fields, Field{"response", hex.EncodeToString(sum[:])})
	} else {
		f.Fields = append(f.Fields, Field{"password", hex.EncodeToString(veiled(password, challenge))})
	}
	if to := first(c.Landing, v.Requested); to != "" {
		f.Fields = append(f.Fields, Field{"userurl", to})
	}
	return f, nil
}

// veiled fills a password to whole blocks and puts the key over each.
func veiled(password, key []byte) []byte {
	out := make([]byte, max(1, (len(password)+len(key)-1)/len(key))*len(key))
	copy(out, password)
	for i := range out {
		out[i] ^= key[i%len(key)]
	}
	return out
}

// logOut implements dialect.
func (coova) logOut(_ *Gateway, v *Visit, _ string) (Form, error) {
	return Form{Method: "GET", Action: v.memo["base"] + "/logoff"}, nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
