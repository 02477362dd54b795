package tenancy

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
)

// links makes and reads what stands in the links of e-mails: an identifier and
// a time, signed together with a state that is not in the link. When the state
// changes, every link signed with it is worth nothing.
type links struct{ key []byte }

// errLink is all that anybody is told about a link that does not work.
var errLink = errors.New("the link is invalid or has expired")

const (
	linkTime      = 8
	linkSignature = 20
	// maxLink bounds what is decoded: no link of ours is longer.
	maxLink = 200
)

// newLinks derives the key from the server's secret. Without one the links
// end with the program.
func newLinks(secret wispwright.Secret) links {
	if secret == "" {
		var random [32]byte
		_, _ = rand.Read(random[:]) // never fails: crypto/rand aborts the program instead
		return links{random[:]}
	}
	sum := sha256.Sum256([]byte("links of e-mails\x00" + secret.Reveal()))
	return links{sum[:]}
}

// sign returns time, signature and identifier as URL-safe text.
func (l links) sign(purpose string, id []byte, state string, at time.Time) string {
	stamp := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
	token := append(append(stamp, l.signature(purpose, stamp, id, state)...), id...)
	return base64.RawURLEncoding.EncodeToString(token)
}

func (l links) signature(purpose string, stamp, id []byte, state string) []byte {
	h := hmac.New(sha256.New, l.key)
	for _, part := range [][]byte{[]byte(purpose), stamp, id, []byte(state)} {
		// lengths first, so that nothing can move from one part to the next
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) // hashes never fail
		_, _ = h.Write(part)                                                  // as above
	}
	return h.Sum(nil)[:linkSignature]
}

// link is a link that was read; it is worth nothing before valid says so.
type link struct {
	id        []byte
	stamp     []byte
	purpose   string
	signature []byte
	links     links
}

// read takes a link apart. It fails when the link is malformed or older than
// the age.
func (l links) read(purpose, text string, age time.Duration, now time.Time) (*link, error) {
	if len(text) > maxLink {
		return nil, errLink
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	// a link has one spelling: decoding passes over line ends and over bits of no use
	if err != nil || len(raw) <= linkTime+linkSignature || base64.RawURLEncoding.EncodeToString(raw) != text {
		return nil, errLink
	}
	out := &link{stamp: raw[:linkTime], signature: raw[linkTime : linkTime+linkSignature], id: raw[linkTime+linkSignature:], purpose: purpose, links: l}
	if made := time.Unix(int64(binary.BigEndian.Uint64(out.stamp)), 0); made.After(now.Add(time.Minute)) || !now.Before(made.Add(age)) {
		return nil, errLink
	}
	return out, nil
}

// valid compares the signature in constant time.
func (l *link) valid(state string) bool {
	return hmac.Equal(l.signature, l.links.signature(l.purpose, l.stamp, l.id, state))
}
