package notifications

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/wispwright/wispwright"
)

// ErrToken says that a link to unsubscribe is no such link, or no longer one:
// the user, the password or the address has changed.
var ErrToken = errors.New("Invalid or expired token")

// unsubscribePath is where e-mails can be stopped without logging in.
const unsubscribePath = "/notifications/unsubscribe/"

// unsubscribeToken is the token of a link (spec: additions O-4).
type unsubscribeToken struct {
	UserID wispwright.ID `json:"user_id"`
	Token  string        `json:"token"`
}

// unsubscribeLink is a user's own; empty when no key was given.
func (s *Service) unsubscribeLink(ctx context.Context, user wispwright.ID) (string, error) {
	if s.options.Key == "" {
		return "", nil
	}
	proof, err := s.options.People.Proof(ctx, user)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(unsubscribeToken{user, s.sign(user, proof)})
	if err != nil {
		return "", err
	}
	return s.renderer.site.URL + unsubscribePath + "?token=" + url.QueryEscape(base64.URLEncoding.EncodeToString(text)), nil
}

func (s *Service) sign(user wispwright.ID, proof string) string {
	m := hmac.New(sha256.New, []byte(s.options.Key.Reveal()))
	m.Write([]byte("unsubscribe\x00" + user.String() + "\x00" + proof))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// Subscriber finds whose link a token is of. Errors: ErrToken.
func (s *Service) Subscriber(ctx context.Context, token string) (wispwright.ID, error) {
	text, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		text, err = base64.RawURLEncoding.DecodeString(token)
	}
	var t unsubscribeToken
	if err != nil || json.Unmarshal(text, &t) != nil || s.options.Key == "" {
		return wispwright.ID{}, ErrToken
	}
	proof, err := s.options.People.Proof(ctx, t.UserID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return wispwright.ID{}, ErrToken
	}
	if err != nil {
		return wispwright.ID{}, err
	}
	if !hmac.Equal([]byte(s.sign(t.UserID, proof)), []byte(t.Token)) {
		return wispwright.ID{}, ErrToken
	}
	return t.UserID, nil
}

// Subscribe turns all e-mails of a user on or off.
func (s *Service) Subscribe(ctx context.Context, user wispwright.ID, on bool) error {
	return s.base.Do(ctx, "notifications.Subscribe", func(ctx context.Context) error {
		if err := s.stores.Choices.Hold(ctx, user); err != nil {
			return err
		}
		r, err := s.resolverOf(ctx, user)
		if err != nil {
			return err
		}
		now := tied(r.everything(user).Web, on)
		// also where nothing changes: a single type may have been turned on since
		return s.everything(ctx, user, choiceID(user, wispwright.ID{}, ""), now, false, true)
	})
}
