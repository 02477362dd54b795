package tenancy

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238; every generator knows it, many no other
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"

	"github.com/wispwright/wispwright"
)

// Enrolment sets up a generator of one-time codes.
type Enrolment struct {
	// Secret is to be typed in, in base32.
	Secret wispwright.Secret
	// URL holds it in the form that generators read from a picture (otpauth://).
	URL string
}

func newEnrolment(issuer, account string) *Enrolment {
	var key [20]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand aborts the program instead
	secret := secretText.EncodeToString(key[:])
	// the colon separates issuer and account
	issuer = strings.ReplaceAll(issuer, ":", " ")
	query := url.Values{"secret": {secret}, "issuer": {issuer}, "period": {fmt.Sprint(codeStep)}, "algorithm": {"SHA1"}, "digits": {"6"}}
	address := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20")}
	return &Enrolment{Secret: wispwright.Secret(secret), URL: address.String()}
}

var secretText = base32.StdEncoding.WithPadding(base32.NoPadding)

// oneTimeCode is the code of a time step (RFC 4226 §5.3, RFC 6238 §4), or an
// error for a secret that cannot be read.
func oneTimeCode(secret wispwright.Secret, step uint64) (string, error) {
	key, err := secretText.DecodeString(strings.ToUpper(strings.TrimRight(secret.Reveal(), "=")))
	if err != nil {
		return "", fmt.Errorf("secret of a generator: %w", err)
	}
	mac := hmac.New(sha1.New, key)
	if err := binary.Write(mac, binary.BigEndian, step); err != nil {
		return "", err
	}
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	number := binary.BigEndian.Uint32(sum[at:at+4]) & (1<<31 - 1)
	return fmt.Sprintf("%06d", number%1_000_000), nil
}
