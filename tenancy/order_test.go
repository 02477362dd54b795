package tenancy

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy/password"
)

// post is a queue and a mailer to look into.
type post struct {
	queued []wispwright.JSON
	bulk   int
	sent   []Message
	fails  error
}

func (p *post) queue(_ context.Context, bulk bool, letters ...wispwright.JSON) error {
	p.queued = append(p.queued, letters...)
	if bulk {
		p.bulk += len(letters)
	}
	return nil
}

// Send implements Mailer.
func (p *post) Send(_ context.Context, m Message) error {
	if p.fails != nil {
		return p.fails
	}
	p.sent = append(p.sent, m)
	return nil
}

func newPost(t *testing.T, queued bool, clock func() time.Time) (*Tenancy, *post) {
	t.Helper()
	p := &post{}
	o := &Options{Hasher: password.Hasher{Iterations: 1}, Mailer: p, Clock: clock, Log: slog.New(slog.DiscardHandler), Passwords: PasswordRules{Days: 30}}
	if queued {
		o.LetterQueue = p.queue
	}
	tx, stores := NewMemory()
	c, err := New(tx, stores, o)
	require.NoError(t, err)
	return c, p
}

func TestOrderedLetters(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c, p := newPost(t, true, func() time.Time { return now })
	ann := &User{Username: "ann", Email: "ann@example.org", IsActive: true}
	require.NoError(t, c.Users.CreateUnverified(ctx, ann, "x"))
	require.NoError(t, c.Letters.RequestReset(ctx, "ann@example.org"))
	require.NoError(t, c.Letters.RequestReset(ctx, "nobody@example.org"))
	require.NoError(t, c.Letters.RequestReset(ctx, "ann@example.org\r\nBcc: x@example.org"))
	require.Len(t, p.queued, 3, "an address nobody has is queued too, one that is none is not")
	require.Empty(t, p.sent)
	for _, letter := range p.queued {
		require.NotContains(t, string(letter), "/", "no link is kept")
		require.NoError(t, c.Letters.Deliver(ctx, letter))
	}
	require.Len(t, p.sent, 2)
	require.Contains(t, p.sent[0].Text, "/accounts/confirm-email/")
	require.Contains(t, p.sent[1].Text, "/accounts/password/reset/key/")

	p.fails = errors.New("not now")
	require.ErrorIs(t, c.Letters.Deliver(ctx, p.queued[1]), p.fails, "so that it is repeated")
	p.fails = nil
	require.Error(t, c.Letters.Deliver(ctx, `{"kind":"love"}`))
	require.Error(t, c.Letters.Deliver(ctx, `[]`))

	verify := p.queued[0]
	_, key, _ := strings.Cut(p.sent[0].Text, "/accounts/confirm-email/")
	key, _, _ = strings.Cut(key, "/")
	_, err := c.Letters.Verify(ctx, key)
	require.NoError(t, err)
	require.NoError(t, c.Letters.Deliver(ctx, verify))
	require.Len(t, p.sent, 2, "confirmed meanwhile")

	now = now.AddDate(0, 0, 23)
	n, err := c.Letters.RemindOfExpiry(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, 1, p.bulk)
	remind := p.queued[3]
	now = now.AddDate(0, 0, 6)
	require.NoError(t, c.Letters.Deliver(ctx, remind))
	require.Contains(t, p.sent[2].Text, "\n1 day.", "told late, it tells what is left")
	require.NoError(t, c.Users.SetPassword(ctx, wispwright.ScopeAll(), ann.ID, "another"))
	require.NoError(t, c.Letters.Deliver(ctx, remind))
	require.Len(t, p.sent, 3, "changed meanwhile")
	require.NoError(t, c.Users.Delete(ctx, wispwright.ScopeAll(), ann.ID))
	for _, letter := range p.queued {
		require.NoError(t, c.Letters.Deliver(ctx, letter))
	}
	require.Len(t, p.sent, 3, "nobody is there any more")
}

func TestLettersWithoutQueue(t *testing.T) {
	ctx := context.Background()
	c, p := newPost(t, false, time.Now)
	err := c.Users.base.entity.Tx.InTx(ctx, func(ctx context.Context) error {
		require.NoError(t, c.Users.CreateUnverified(ctx, &User{Username: "ann", Email: "ann@example.org", IsActive: true}, "x"))
		require.Empty(t, p.sent, "not before the commit")
		return nil
	})
	require.NoError(t, err)
	require.Len(t, p.sent, 1)
	p.fails = errors.New("not now")
	require.NoError(t, c.Letters.RequestReset(ctx, "ann@example.org"), "an error would tell that there is such an account")
}
