package tenancyhttp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/passkey"
)

// challenge is what is kept of a ceremony with a passkey: beside the session,
// which has its name only, so that it can be taken once although the session is
// read by many at the same moment.
type challenge struct {
	User    wispwright.ID   `json:"user"`
	Kind    string          `json:"kind"`
	Expires time.Time       `json:"expires"`
	State   wispwright.JSON `json:"state"`
}

// taker is a session store that gives what it removes to one of those who ask
// at the same moment, on whichever node.
type taker interface {
	TakeCtx(ctx context.Context, token string) ([]byte, bool, error)
}

// keepChallenge keeps the state of a ceremony. A user who is not logged in yet gets a
// session that lasts as long as the challenge.
func (h *HTTP) keepChallenge(r *rest.Request, u *tenancy.User, kind string, state wispwright.JSON) error {
	ctx, err := h.loadSession(r.HTTP)
	if err != nil {
		return err
	}
	expires := h.options.Clock().Add(passkey.Lifetime).UTC()
	text, err := json.Marshal(challenge{u.ID, kind, expires, state})
	if err != nil {
		return fmt.Errorf("store challenge: %w", err)
	}
	name := "challenge " + rand.Text()
	if err := h.sessions.Store.Commit(name, text, expires); err != nil {
		return fmt.Errorf("store challenge: %w", err)
	}
	h.sessions.Put(ctx, sessionChallenge, name)
	begun := h.sessions.GetString(ctx, sessionUser) != ""
	if !begun {
		h.sessions.SetDeadline(ctx, expires)
	}
	token, expiry, err := h.sessions.Commit(ctx)
	if err != nil {
		return fmt.Errorf("store session: %w", err)
	}
	if !begun {
		h.sendSession(r.ResponseHeader(), token, expiry)
	}
	return nil
}

// takeChallenge returns the state of a ceremony that the session began for a
// user. It is gone afterwards, whatever comes of it.
func (h *HTTP) takeChallenge(r *rest.Request, u *tenancy.User, kind string) (wispwright.JSON, error) {
	none := wispwright.Invalid("webauthn", "This took too long. Please try again.")
	ctx, err := h.loadSession(r.HTTP)
	if err != nil {
		return "", err
	}
	name := h.sessions.GetString(ctx, sessionChallenge)
	if name == "" {
		return "", none
	}
	text, found, err := h.take(ctx, name)
	if err != nil {
		return "", fmt.Errorf("take challenge: %w", err)
	}
	var c challenge
	if found {
		if err := json.Unmarshal(text, &c); err != nil {
			return "", fmt.Errorf("read challenge: %w", err)
		}
	}
	if !found || c.User != u.ID || c.Kind != kind || !h.options.Clock().Before(c.Expires) {
		return "", none
	}
	return c.State, nil
}

// take removes what is kept under a name. Stores that cannot do it by
// themselves belong to this program alone.
func (h *HTTP) take(ctx context.Context, name string) ([]byte, bool, error) {
	if t, ok := h.sessions.Store.(taker); ok {
		return t.TakeCtx(ctx, name)
	}
	h.taking.Lock()
	defer h.taking.Unlock()
	text, found, err := h.sessions.Store.Find(name)
	if err != nil || !found {
		return nil, false, err
	}
	return text, true, h.sessions.Store.Delete(name)
}
