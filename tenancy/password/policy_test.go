package password_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy/password"
)

func TestPolicy(t *testing.T) {
	const (
		short   = "This password is too short. It must contain at least 8 characters."
		common  = "This password is too common."
		numeric = "This password is entirely numeric."
	)
	about := []password.Attribute{{Name: "username", Value: "johnsmith"}, {Name: "first name", Value: ""}, {Name: "email address", Value: "js.doe-ray@example.org"}}
	for _, c := range []struct {
		plain  string
		policy password.Policy
		want   []string
	}{
		{"correct horse battery", password.Policy{}, nil},
		{"päßwörd☃", password.Policy{}, nil},
		{"abc☃xyz", password.Policy{}, []string{short}},
		{"", password.Policy{}, []string{short}},
		{"123456", password.Policy{}, []string{short, common, numeric}},
		{"4711081500", password.Policy{}, []string{numeric}},
		{"٣٤٥٦٧٨٩٠", password.Policy{}, []string{numeric}},
		{"4711081500", password.Policy{AllowNumeric: true}, nil},
		{"PassWord123 ", password.Policy{}, []string{common}},
		{"PassWord123", password.Policy{AllowCommon: true}, nil},
		{"JohnSmith1", password.Policy{}, []string{"The password is too similar to the username."}},
		{"htimsnhoj", password.Policy{}, []string{"The password is too similar to the username."}},
		{"johnsmith-and-a-lot-more-of-it", password.Policy{}, nil},
		{"example.org", password.Policy{}, []string{"The password is too similar to the email address."}},
		{"johnsmith", password.Policy{AllowSimilar: true}, nil},
		{"abc", password.Policy{MinLength: -1}, nil},
		{"elevenchars", password.Policy{MinLength: 12}, []string{"This password is too short. It must contain at least 12 characters."}},
	} {
		require.Equal(t, c.want, c.policy.Check(c.plain, about...), c.plain)
	}
}

// FuzzPolicy: whatever is sent is judged, and a long text full of rare
// characters is good enough.
func FuzzPolicy(f *testing.F) {
	f.Add("password", "name")
	f.Add("\xff\xfe", "☃")
	f.Fuzz(func(t *testing.T, plain, name string) {
		got := password.Policy{}.Check(plain, password.Attribute{Name: "username", Value: name})
		if utf8.RuneCountInString(plain) < 8 {
			require.NotEmpty(t, got)
		}
		for _, m := range got {
			require.True(t, strings.HasSuffix(m, "."))
		}
	})
}

func BenchmarkPolicy(b *testing.B) {
	b.ReportAllocs()
	about := password.Attribute{Name: "username", Value: "somebody"}
	for b.Loop() {
		password.Policy{}.Check("correct horse battery", about)
	}
}
