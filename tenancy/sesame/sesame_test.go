package sesame

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	xblake2b "golang.org/x/crypto/blake2b"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
)

// TestHashWithoutPersonalisation: what x/crypto can do is the same here.
func TestHashWithoutPersonalisation(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 129, 256, 1000} {
		for _, key := range [][]byte{nil, []byte("k"), []byte(strings.Repeat("k", 64))} {
			if n == 0 && key != nil {
				continue // an empty keyed message is not hashed here
			}
			data := []byte(strings.Repeat("x", n))
			want, err := xblake2b.New(20, key)
			require.NoError(t, err)
			_, err = want.Write(data)
			require.NoError(t, err)
			got, err := blake2b(20, key, "", data)
			require.NoError(t, err)
			require.Equal(t, want.Sum(nil), got, "%d %d", n, len(key))
		}
	}
	_, err := blake2b(20, make([]byte, 65), "", nil)
	require.Error(t, err)
	_, err = blake2b(20, nil, strings.Repeat("p", 17), nil)
	require.Error(t, err)
}

// TestRecordedTokens: tokens made by the reference are the same here.
func TestRecordedTokens(t *testing.T) {
	var file struct {
		Sesame []struct {
			SecretKey  string `json:"secret_key"`
			SesameKey  string `json:"sesame_key"`
			MaxAge     int    `json:"max_age"`
			Scope      string
			UnixTime   int64  `json:"unix_time"`
			UserID     string `json:"user_id"`
			Password   string `json:"user_password"`
			SigningKey string `json:"signing_key_hex"`
			Token      string
		}
	}
	testkit.ReadVectors(t, &file, "tenancy", "credentials.json")
	require.NotEmpty(t, file.Sesame)
	for _, c := range file.Sesame {
		id, err := wispwright.ParseID(c.UserID)
		require.NoError(t, err)
		s, err := New(wispwright.Secret(c.SecretKey), &Options{Key: wispwright.Secret(c.SesameKey), MaxAge: time.Duration(c.MaxAge) * time.Second,
			Clock: func() time.Time { return time.Unix(c.UnixTime, 0) }})
		require.NoError(t, err)
		require.Equal(t, c.SigningKey, hex.EncodeToString(s.keys[0]))
		who := Subject{ID: id, Password: wispwright.Secret(c.Password)}
		got, err := s.Make(who, c.Scope)
		require.NoError(t, err)
		require.Equal(t, c.Token, got)
		require.NoError(t, s.Check(c.Token, who, c.Scope))
		claimed, err := s.Claims(c.Token)
		require.NoError(t, err)
		require.Equal(t, id, claimed)
	}
}

func TestWhatEndsALink(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	who := Subject{ID: wispwright.NewID(), Password: "pbkdf2_sha256$1$salt$kMv+4A82FNZ48Z75V6N8zjeOhSwJtOlQ4CST0xtWuLA=", Email: "a@example.org", LastLogin: now}
	with := func(change func(*Subject)) Subject {
		out := who
		change(&out)
		return out
	}
	for _, c := range []struct {
		name    string
		options Options
		later   time.Duration
		who     Subject
		scope   string
		good    bool
	}{
		{"nothing", Options{}, 1000 * time.Hour, who, "", true},
		{"another scope", Options{}, 0, who, "login", false},
		{"another user", Options{}, 0, with(func(s *Subject) { s.ID = wispwright.NewID() }), "", false},
		{"another password", Options{}, 0, with(func(s *Subject) { s.Password = "pbkdf2_sha256$1$salt$SdFqjm4Z/GhkiKSniQJV9jbC9Qk=aaaaaaaaaaaaaaaa" }), "", false},
		{"another password that does not matter", Options{KeepOnPasswordChange: true}, 0, with(func(s *Subject) { s.Password = "!" }), "", true},
		{"the same hash with other iterations", Options{}, 0, with(func(s *Subject) { s.Password = "pbkdf2_sha256$9$other$kMv+4A82FNZ48Z75V6N8zjeOhSwJtOlQ4CST0xtWuLA=" }), "", true},
		{"another address", Options{EndOnEmailChange: true}, 0, with(func(s *Subject) { s.Email = "b@example.org" }), "", false},
		{"another address that does not matter", Options{}, 0, with(func(s *Subject) { s.Email = "b@example.org" }), "", true},
		{"a log-in", Options{OneTime: true}, 0, with(func(s *Subject) { s.LastLogin = now.Add(time.Microsecond) }), "", false},
		{"a log-in that does not matter", Options{}, 0, with(func(s *Subject) { s.LastLogin = time.Time{} }), "", true},
		{"just in time", Options{MaxAge: 30 * time.Minute}, 30*time.Minute - time.Second, who, "", true},
		{"too late", Options{MaxAge: 30 * time.Minute}, 30 * time.Minute, who, "", false},
		{"from the future", Options{MaxAge: 30 * time.Minute}, -2 * time.Minute, who, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := now
			c.options.Clock = func() time.Time { return at }
			s, err := New("secret", &c.options)
			require.NoError(t, err)
			token, err := s.Make(who, "")
			require.NoError(t, err)
			at = now.Add(c.later)
			require.Equal(t, c.good, s.Check(token, c.who, c.scope) == nil)
		})
	}
}

func TestSecretsMayChange(t *testing.T) {
	who := Subject{ID: wispwright.NewID(), Password: "!"}
	old, err := New("old", nil)
	require.NoError(t, err)
	token, err := old.Make(who, "")
	require.NoError(t, err)
	next, err := New("next", &Options{OldSecrets: []wispwright.Secret{"old"}})
	require.NoError(t, err)
	require.NoError(t, next.Check(token, who, ""))
	fresh, err := next.Make(who, "")
	require.NoError(t, err)
	require.ErrorIs(t, old.Check(fresh, who, ""), ErrToken)
	for _, o := range []*Options{{SignatureSize: 65}, {SignatureSize: -1}, {MaxAge: -1}} {
		_, err = New("s", o)
		require.Error(t, err)
	}
	_, err = New("", nil)
	require.Error(t, err)
}

// FuzzCheck: no text but the token opens anything.
func FuzzCheck(f *testing.F) {
	s, err := New("secret", &Options{MaxAge: time.Hour, Clock: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	require.NoError(f, err)
	who := Subject{ID: wispwright.ID{1, 2, 3}, Password: "!"}
	good, err := s.Make(who, "")
	require.NoError(f, err)
	for _, seed := range []string{good, "", good[1:], good + "A", strings.Repeat("A", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, cerr := s.Claims(text)
		err := s.Check(text, who, "")
		require.Equal(t, text == good, err == nil)
		if cerr != nil {
			require.Error(t, err)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	s, err := New("secret", &Options{MaxAge: time.Hour})
	require.NoError(b, err)
	who := Subject{ID: wispwright.NewID(), Password: "!"}
	token, err := s.Make(who, "")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if s.Check(token, who, "") != nil {
			b.Fatal()
		}
	}
}

// Line ends in a token are no other spelling of it.
func TestATokenHasOneSpelling(t *testing.T) {
	who := Subject{ID: wispwright.NewID(), Password: "x"}
	s, err := New("secret", nil)
	require.NoError(t, err)
	text, err := s.Make(who, "")
	require.NoError(t, err)
	require.NoError(t, s.Check(text, who, ""))
	require.ErrorIs(t, s.Check(text[:5]+"\r\n"+text[5:], who, ""), ErrToken)
}
