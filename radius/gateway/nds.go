package gateway

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// nds is the Forwarding Authentication Service of openNDS at its levels 0 (token in
// clear), 1 (hashed token) and 2 (encrypted). Level 3, where the gateway asks the
// server for work, is not spoken.
type nds struct{}

// read implements dialect. Levels 1 and 2 have the values in one parameter, "name=value, …".
func (d nds) read(g *Gateway, _ *url.URL, q url.Values) (*Visit, error) {
	values := map[string]string{}
	for name := range q {
		values[name] = q.Get(name)
	}
	if !slices.ContainsFunc([]string{"fas", "tok", "hid", "authaction", "status"}, q.Has) {
		return nil, ErrUnknown
	}
	proven := false
	if fas := q.Get("fas"); fas != "" {
		raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(fas, " ", "+")) // a plus in a query is a space
		if err != nil {
			return nil, ErrUnknown
		}
		if iv := q.Get("iv"); iv != "" {
			if raw, err = opened(raw, []byte(iv), g.settings.Secret.Reveal()); err != nil {
				return nil, err
			}
			proven = true
		}
		values = listed(string(raw))
	}
	if values["status"] == "authenticated" {
		return &Visit{Result: Already, IP: address(values["clientip"]), MAC: MAC(values["clientmac"]), NAS: told(unescaped(values["gatewayname"])), Proven: proven, HasIdentity: true,
			memo: map[string]string{"base": values["gatewayaddress"], "dir": values["authdir"]}}, nil
	}
	key, name := g.key(told(unescaped(values["gatewayname"])))
	base, dir := values["gatewayaddress"], values["authdir"]
	if values["authaction"] != "" { // level 0
		u, err := url.Parse(values["authaction"])
		if err != nil || u.Host == "" {
			return nil, ErrUnknown
		}
		base, dir = u.Host, strings.Trim(u.Path, "/")
		if ip := u.Query().Get("clientip"); ip != "" && values["clientip"] == "" { // its own query is not escaped
			values["clientip"] = ip
		}
	}
	token := values["tok"]
	if hid := values["hid"]; hid != "" {
		if key == "" {
			return nil, ErrForged
		}
		sum := sha256.Sum256([]byte(strings.TrimSpace(hid) + strings.TrimSpace(key.Reveal())))
		token = hex.EncodeToString(sum[:])
	} else if g.settings.Secret != "" && !proven {
		return nil, ErrForged // level 0 where a key was agreed upon
	}
	if token == "" || base == "" {
		return nil, ErrUnknown
	}
	if dir == "" {
		dir = "opennds_auth"
	}
	if strings.ContainsAny(dir, "/?#\\ ") {
		return nil, ErrUnknown
	}
	v := &Visit{Result: NotYet, IP: address(values["clientip"]), MAC: MAC(values["clientmac"]), NAS: name, CalledStation: told(values["gatewaymac"]),
		Requested: unescaped(first(values["originurl"], values["redir"])), SessionID: token, Proven: proven, HasIdentity: true,
		memo: map[string]string{"base": base, "dir": dir, "token": token}}
	return v, g.leads("http://" + base)
}

// listed reads "name=value, name=value".
func listed(text string) map[string]string {
	out := map[string]string{}
	for _, pair := range strings.Split(text, ", ") {
		if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			out[name] = value
		}
	}
	return out
}

// opened decrypts AES-256-CBC with a key filled with zeros, of which the gateway wrote
// the base64. There is no seal on it: what is read is believed only if it has the
// form of a visit.
func opened(raw, iv []byte, key string) ([]byte, error) {
	if key == "" {
		return nil, ErrForged
	}
	inner, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(raw)))
	if err == nil {
		raw = inner
	}
	if len(iv) != aes.BlockSize || len(raw) == 0 || len(raw)%aes.BlockSize != 0 {
		return nil, ErrForged
	}
	filled := make([]byte, 32)
	copy(filled, key)
	block, err := aes.NewCipher(filled)
	if err != nil {
		return nil, ErrForged
	}
	out := make([]byte, len(raw))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, raw)
	n := int(out[len(out)-1])
	if n == 0 || n > aes.BlockSize || !bytes.Equal(out[len(out)-n:], bytes.Repeat([]byte{byte(n)}, n)) || !bytes.Contains(out, []byte("clientip=")) {
		return nil, ErrForged
	}
	return out[:len(out)-n], nil
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// logIn implements dialect: the token lets the client in, nobody is asked.
func (nds) logIn(_ *Gateway, v *Visit, c Credentials) (Form, error) {
	if v.memo["token"] == "" {
		return Form{}, ErrNoForm
	}
	f := Form{Method: "GET", Action: "http://" + v.memo["base"] + "/" + v.memo["dir"] + "/", Fields: []Field{{"tok", v.memo["token"]}}}
	if to := first(c.Landing, v.Requested); to != "" {
		f.Fields = append(f.Fields, Field{"redir", to})
	}
	if c.Custom != "" {
		f.Fields = append(f.Fields, Field{"custom", base64.StdEncoding.EncodeToString([]byte(c.Custom))})
	}
	return f, nil
}

// logOut implements dialect.
func (nds) logOut(_ *Gateway, v *Visit, _ string) (Form, error) {
	if v.memo["base"] == "" {
		return Form{}, ErrNoForm
	}
	return Form{Method: "GET", Action: "http://" + v.memo["base"] + "/opennds_deny/"}, nil
}
