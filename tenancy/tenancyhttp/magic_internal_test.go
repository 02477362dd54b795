package tenancyhttp

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOwnPath(t *testing.T) {
	for path, own := range map[string]bool{
		"/": true, "/admin/": true, "/admin/?a=b#/devices": true, "/a//b": true, "/:x@y": true, "/admin/?next=https://evil.example.org": true,
		"": false, "admin/": false, "//evil.example.org": false, "///evil.example.org": false, "/\\evil.example.org": false, "\\\\evil.example.org": false,
		"https://evil.example.org": false, "javascript:alert(1)": false, "/\t/evil.example.org": false, "/\n/evil.example.org": false, " //evil.example.org": false, "/%zz": false,
	} {
		want := "no"
		if own {
			want = path
		}
		require.Equal(t, want, ownPath(path, "no"), "%q", path)
	}
}

// FuzzOwnPath: a browser that resolves the path stays on the server.
func FuzzOwnPath(f *testing.F) {
	f.Add("/admin/")
	f.Add("//evil.example.org")
	f.Add("/\\evil")
	base, err := url.Parse("https://here.example.org/accounts/login/")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, path string) {
		if got := ownPath(path, "/admin/"); got != "/admin/" {
			u, err := base.Parse(got)
			require.NoError(t, err)
			require.Equal(t, "https", u.Scheme)
			require.Equal(t, "here.example.org", u.Host)
		}
	})
}
