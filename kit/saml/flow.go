package saml

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/crewjam/saml"

	"github.com/wispwright/wispwright"
)

// Flow is one log-in that is under way; it stays with the browser that began it.
type Flow struct {
	// Request is the id of what the provider was asked, State comes back beside its
	// answer, and Next is the caller's.
	Request, State, Next string
	// Provider is who was asked, by its entity id.
	Provider string
	// Expires ends the flow.
	Expires time.Time
}

// flowFor is how long somebody may take to log in there.
const flowFor = 10 * time.Minute

// Seal writes a flow for a cookie, so that nobody else can make one: an answer of the
// provider that somebody caught is worth nothing without the cookie of its browser.
func (f Flow) Seal(secret wispwright.Secret) string {
	return seal(secret, "saml flow", f)
}

// OpenFlow reads what Seal wrote; false for anything else.
func OpenFlow(secret wispwright.Secret, text string) (f Flow, ok bool) {
	if !unseal(secret, "saml flow", text, &f) {
		return Flow{}, false
	}
	return f, true
}

// seal writes a value with a mark that only this installation can make; the kind keeps what
// was sealed for one purpose from being used for another.
func seal(secret wispwright.Secret, kind string, v any) string {
	raw, _ := json.Marshal(v) // texts and times
	return base64.RawURLEncoding.EncodeToString(raw) + "." + base64.RawURLEncoding.EncodeToString(sum(secret, kind, raw))
}

// unseal reads what seal wrote; false for anything else.
func unseal(secret wispwright.Secret, kind, text string, v any) bool {
	body, mark, _ := strings.Cut(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return false
	}
	signed, err := base64.RawURLEncoding.DecodeString(mark)
	return err == nil && hmac.Equal(signed, sum(secret, kind, raw)) && json.Unmarshal(raw, v) == nil
}

func sum(secret wispwright.Secret, kind string, raw []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret.Reveal()))
	_, _ = h.Write([]byte(kind + "\x00")) // a hash takes everything
	_, _ = h.Write(raw)
	return h.Sum(nil)
}

func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// again marks a form that came from Again.
const again = "wispwright_again"

// CameAgain is true for a form that Again has sent.
func CameAgain(r *http.Request) bool { return r.PostFormValue(again) != "" }

var page = template.Must(template.New("again").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Log in</title>
<form method="post" action="{{.Action}}">
<input type="hidden" name="SAMLResponse" value="{{.Response}}"><input type="hidden" name="RelayState" value="{{.State}}"><input type="hidden" name="{{.Again}}" value="1">
<button>Continue</button>
</form>
<script>document.forms[0].submit()</script>
</html>
`))

// policy allows nothing but the page's own script, by its sum.
const policy = "default-src 'none'; frame-ancestors 'none'; form-action 'self'; script-src 'sha256-%s'"

// Again answers with a page that sends the same form once more, from here. A browser that
// another site makes send a form leaves out the cookies of this one (SameSite=Lax): this
// way they come along, without cookies that every site may have sent.
func Again(w http.ResponseWriter, r *http.Request) {
	script := sha256.Sum256([]byte("document.forms[0].submit()"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", strings.Replace(policy, "%s", base64.StdEncoding.EncodeToString(script[:]), 1))
	_ = page.Execute(w, map[string]string{ // the client may be gone
		"Action": r.URL.Path, "Response": r.PostFormValue("SAMLResponse"), "State": r.PostFormValue("RelayState"), "Again": again})
}

// used remembers the assertions that were taken, until they are good for nothing.
type used struct {
	lock sync.Mutex
	ids  map[string]time.Time
}

func newUsed() *used { return &used{ids: map[string]time.Time{}} }

// Consume implements saml.AssertionReplayCache.
func (u *used) Consume(id string, expires time.Time) error {
	u.lock.Lock()
	defer u.lock.Unlock()
	now := time.Now()
	for other, until := range u.ids {
		if now.After(until) {
			delete(u.ids, other)
		}
	}
	if _, taken := u.ids[id]; taken {
		return saml.ErrAssertionReplayed
	}
	u.ids[id] = expires
	return nil
}
