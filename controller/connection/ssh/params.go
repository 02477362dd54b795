package ssh

import (
	"bytes"
	"crypto/dsa" //lint:ignore SA1019 known, to be refused
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// Type is the connector for a registry.
func Type(c *Connector) connection.ConnectorType {
	return connection.ConnectorType{
		ID: connection.ConnectorSSH, Label: "SSH", Commands: true, Connector: c, Check: Check, Secrets: []string{"password", "key"},
		Schema: `{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "title": "Credentials type", "oneOf": [` +
			`{"title": "SSH (password)", "required": ["username", "password"], "additionalProperties": false, "properties": {` +
			`"username": {"type": "string", "minLength": 2, "title": "Username"}, "password": {"type": "string", "minLength": 4, "title": "Password"}, ` +
			`"port": {"type": "integer", "default": 22, "minimum": 1, "maximum": 65535, "title": "Port"}}}, ` +
			`{"title": "SSH (private key)", "required": ["username", "key"], "additionalProperties": false, "properties": {` +
			`"username": {"type": "string", "title": "Username"}, "key": {"type": "string", "title": "Key", "minLength": 64, "format": "textarea"}, ` +
			`"port": {"type": "number", "default": 22, "minimum": 1, "maximum": 65535, "title": "Port"}}}]}`,
	}
}

// params are what credentials say.
type params struct {
	Username string      `json:"username"`
	Password string      `json:"password"`
	Key      string      `json:"key"`
	Port     json.Number `json:"port"`
}

func parse(text wispwright.JSON) (*params, error) {
	p := &params{}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	return p, nil
}

// port is the port as a number, 22 where none is given.
func (p *params) port() (uint16, error) {
	if p.Port == "" {
		return 22, nil
	}
	f, err := p.Port.Float64()
	if err != nil || f != float64(uint16(f)) || f < 1 {
		return 0, errors.New("the port must be a whole number between 1 and 65535")
	}
	return uint16(f), nil
}

// errKey is said of a key that cannot be used.
var errKey = errors.New("Unrecognized or unsupported SSH key algorithm, only RSA and ED25519 are currently supported.") //nolint:staticcheck // clients match on it

// Check looks at parameters that follow the schema: there must be a password or
// a key, which is not protected by a passphrase and no DSA key.
func Check(text wispwright.JSON) error {
	p, err := parse(text)
	if err != nil {
		return err
	}
	if _, err := p.port(); err != nil {
		return err
	}
	switch {
	case p.Key != "":
		_, err = signer(p.Key)
		return err
	case p.Password == "":
		return errors.New("Missing password or key") //nolint:staticcheck // the original's words
	}
	return nil
}

// signer reads a private key. Line ends of other systems do not matter.
func signer(key string) (ssh.Signer, error) {
	text := append(bytes.TrimSpace(bytes.ReplaceAll([]byte(key), []byte("\r\n"), []byte("\n"))), '\n')
	raw, err := ssh.ParseRawPrivateKey(text)
	if err != nil {
		return nil, errKey
	}
	if _, ok := raw.(*dsa.PrivateKey); ok {
		return nil, errKey
	}
	s, err := ssh.NewSignerFromKey(raw)
	if err != nil {
		return nil, errKey
	}
	return s, nil
}
