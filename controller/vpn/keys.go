package vpn

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
)

// newKeys makes the keys of a WireGuard interface: X25519, in base64.
func newKeys() (public string, private wispwright.Secret, err error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("make WireGuard keys: %w", err)
	}
	encode := base64.StdEncoding.EncodeToString
	return encode(key.PublicKey().Bytes()), wispwright.Secret(encode(key.Bytes())), nil
}

// errNoKey is the fault of a private key that is none.
var errNoKey = errors.New("Enter a private key of WireGuard: 32 bytes in base64, as wg genkey writes it.") //nolint:staticcheck // a sentence for people

// publicOf is the public key of a private one, both in base64.
func publicOf(private wispwright.Secret) (string, error) {
	text := private.Reveal()
	bytes, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(bytes) != 32 || base64.StdEncoding.EncodeToString(bytes) != text || [32]byte(bytes) == [32]byte{} {
		return "", errNoKey
	}
	key, err := ecdh.X25519().NewPrivateKey(bytes)
	if err != nil {
		return "", errNoKey
	}
	return base64.StdEncoding.EncodeToString(key.PublicKey().Bytes()), nil
}

// parameters are the Diffie-Hellman parameters of servers that bring none:
// ffdhe2048 of RFC 7919, whose prime nobody chose. OpenWISP makes a group for each
// server, which takes minutes and is worth nothing to one that is known to be safe.
const parameters = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`
