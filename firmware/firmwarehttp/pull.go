package firmwarehttp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
)

// PullPath is where devices get images by themselves: a ticket and a slash follow.
const PullPath = "/controller/firmware-image/"

// ticketLife is how long a ticket may be used: longer than an attempt of an upgrade.
const ticketLife = 2 * time.Hour

// Tickets let devices get images without an account: each names an image and a time,
// and is signed, so that any node that knows the secret takes it. Make it with
// NewTickets.
type Tickets struct {
	key []byte
	now func() time.Time
}

// NewTickets returns tickets signed with a secret.
func NewTickets(secret string, now func() time.Time) *Tickets {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("wispwright firmware tickets"))
	return &Tickets{mac.Sum(nil), now}
}

func (t *Tickets) sign(id wispwright.ID, until int64) string {
	mac := hmac.New(sha256.New, t.key)
	fmt.Fprintf(mac, "%s.%d", id, until)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Link is the path at which a device gets an image for a while.
func (t *Tickets) Link(i *firmware.Image) string {
	until := t.now().Add(ticketLife).Unix()
	return fmt.Sprintf("%s%s.%d.%s/", PullPath, i.ID, until, t.sign(i.ID, until))
}

// read returns the image of a ticket that is good now.
func (t *Tickets) read(ticket string) (wispwright.ID, bool) {
	parts := strings.Split(ticket, ".")
	if len(parts) != 3 {
		return wispwright.ID{}, false
	}
	id, err := wispwright.ParseID(parts[0])
	until, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || err2 != nil || !hmac.Equal([]byte(t.sign(id, until)), []byte(parts[2])) || t.now().Unix() > until {
		return wispwright.ID{}, false
	}
	return id, true
}

// Pull serves images at PullPath to devices that have a ticket, also from the middle.
func (h *HTTP) Pull(t *Tickets) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		id, ok := t.read(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, PullPath), "/"))
		if !ok {
			http.Error(w, "403 Forbidden", http.StatusForbidden)
			return
		}
		i, err := h.s.Images.Get(r.Context(), everybody(), id)
		switch {
		case missing(err):
			http.NotFound(w, r)
			return
		case err != nil:
			h.unavailable(w, r, err)
			return
		}
		h.serve(w, r, i)
	})
}
