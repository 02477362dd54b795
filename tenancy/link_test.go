package tenancy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

func TestLinks(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := newLinks("secret")
	text := l.sign("reset", []byte{1, 2}, "state", now)
	require.NotContains(t, text, "=")
	for _, c := range []struct {
		name           string
		links          links
		purpose, state string
		at             time.Time
		read, valid    bool
	}{
		{"as it was made", l, "reset", "state", now, true, true},
		{"a moment before it ends", l, "reset", "state", now.Add(time.Hour - time.Second), true, true},
		{"too late", l, "reset", "state", now.Add(time.Hour), false, false},
		{"made in the future", l, "reset", "state", now.Add(-2 * time.Minute), false, false},
		{"another purpose", l, "verify", "state", now, true, false},
		{"another state", l, "reset", "state2", now, true, false},
		{"another key", newLinks("other"), "reset", "state", now, true, false},
		{"a key of its own", newLinks(""), "reset", "state", now, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.links.read(c.purpose, text, time.Hour, c.at)
			require.Equal(t, c.read, err == nil)
			if c.read {
				require.Equal(t, []byte{1, 2}, got.id)
				require.Equal(t, c.valid, got.valid(c.state))
			}
		})
	}
	require.NotEqual(t, l.signature("a", nil, []byte("b"), "c"), l.signature("a", nil, []byte("bc"), ""), "parts do not run into each other")
}

// FuzzLink: only what was signed is valid, whatever is sent.
func FuzzLink(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	l := newLinks("secret")
	good := l.sign("reset", []byte("id"), "state", now)
	f.Add(good)
	f.Add(good[:20] + "\r\n" + good[20:])
	f.Add("")
	f.Add(strings.Repeat("A", maxLink))
	f.Fuzz(func(t *testing.T, text string) {
		got, err := l.read("reset", text, time.Hour, now)
		if err == nil && got.valid("state") {
			require.Equal(t, good, text)
		}
	})
}

func TestMessagesCannotBeInjected(t *testing.T) {
	for _, m := range []Message{
		{To: "a@example.org\r\nBcc: b@example.org", Subject: "x"},
		{To: "a@example.org, b@example.org", Subject: "x"},
		{To: "A <a@example.org>", Subject: "x"},
		{To: "", Subject: "x"},
		{To: "a@example.org", Subject: "x\nBcc: b@example.org"},
	} {
		var v *wispwright.ValidationError
		require.ErrorAs(t, m.Validate(), &v, m)
	}
	require.NoError(t, (&Message{To: "a@example.org", Subject: "[Ünïcode] x"}).Validate())
}
