package loginpages_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/radius/loginpages"
	"github.com/wispwright/wispwright/radius/loginpages/loginpagestest"
)

func TestMemory(t *testing.T) {
	loginpagestest.Run(t, func(*testing.T) loginpagestest.Storage {
		m := memstore.New()
		return loginpagestest.Storage{Tx: m, Stores: loginpages.NewMemory(m)}
	})
}

// TestRecordedCookie: cookies are signed as the original's are.
func TestRecordedCookie(t *testing.T) {
	b, err := os.ReadFile(testkit.Vectors(t, "radius", "login_pages_cookie.json"))
	require.NoError(t, err)
	var v struct {
		Secret string `json:"secret_key"`
		Value  string
		Signed string
	}
	require.NoError(t, json.Unmarshal(b, &v))
	require.Equal(t, v.Signed, loginpages.Sign(v.Value, wispwright.Secret(v.Secret)))
	value, ok := loginpages.Unsign(v.Signed, wispwright.Secret(v.Secret))
	require.True(t, ok)
	require.Equal(t, v.Value, value)
	for _, forged := range []string{"", ".", v.Value, v.Value + ".", v.Signed + "a", "1" + v.Signed, strings.ToUpper(v.Signed)} {
		_, ok := loginpages.Unsign(forged, wispwright.Secret(v.Secret))
		require.False(t, ok, forged)
	}
	_, ok = loginpages.Unsign(loginpages.Sign("x", ""), "")
	require.False(t, ok, "without a secret everybody could sign")
}

func parse(t *testing.T, yaml string) wispwright.JSON {
	t.Helper()
	doc, _, err := loginpages.ParseYAML([]byte(yaml))
	require.NoError(t, err)
	return doc
}

// TestMerge: objects merge, lists replace, null removes, of three files over each
// other.
func TestMerge(t *testing.T) {
	organization := parse(t, `
name: Hotel
components:
  header: {links: [{text: {en: a}, url: /a}, {text: {en: b}, url: /b}]}
  captive_portal_login_form: {action: "https://gw.example.org/", additional_fields: [{name: n, value: 5}, {name: on, value: true}]}
  contact_page: {email: a@example.org}
`)
	variant := parse(t, `
client:
  components:
    header: {links: [{text: only, url: /c}]}
    contact_page: {email: null, social_links: null}
    captive_portal_login_form: {fields: {username: user}}
`)
	c, err := loginpages.Merge(organization, variant)
	require.NoError(t, err)
	require.Equal(t, "Hotel", c.Name)
	require.Len(t, c.Components.Header.Links, 1)
	require.Equal(t, "only", c.Components.Header.Links[0].Text.In("it"), "English is the fallback")
	require.Empty(t, c.Components.ContactPage.Email)
	form := c.Components.CaptivePortalLoginForm
	require.Equal(t, "user", form.Fields.Username)
	require.Equal(t, "auth_pass", form.Fields.Password)
	require.Equal(t, []loginpages.NamedValue{{Name: "n", Value: "5"}, {Name: "on", Value: "true"}}, form.AdditionalFields)
}

// TestBadConfiguration: what cannot be is refused and named.
func TestBadConfiguration(t *testing.T) {
	for yaml, want := range map[string]string{
		"[1]":                                "must be a map",
		"a: [":                               "not YAML",
		"client: {theme: {primary: red}}":    "client.theme.primary",
		"client: {theme: {text: '#eeeeee'}}": "contrast",
		"client: {theme: {css: 'a{background:url(https://x/)}'}}":                               "url()",
		"client: {theme: {css: '@im/**/port \"x\"'}}":                                           "@import",
		"client: {theme: {css: '</style><script>'}}":                                            "\"<\"",
		"client: {components: {header: {links: [{url: 'javascript:alert(1)'}]}}}":               "header.links[0].url",
		"client: {components: {header: {links: [{url: '//evil.example.org'}]}}}":                "header.links[0].url",
		"client: {components: {captive_portal_login_form: {action: '/x'}}}":                     "captive_portal_login_form.action",
		"client: {components: {registration_form: {custom_fields: [{name: 'A', type: text}]}}}": "custom_fields[0].name",
		"client: {components: {registration_form: {custom_fields: [{name: a, type: select}]}}}": "custom_fields[0].options",
		"client: {default_language: xx}":                                                        "client.default_language",
		"client: {texts: {en: {no_such_text: x}}}":                                              "no_such_text",
		"client: {languages: 5}":                                                                "languages",
		"client: {redirect_hosts: ['https://x']}":                                               "redirect_hosts",
	} {
		doc, _, err := loginpages.ParseYAML([]byte(yaml))
		if err == nil {
			_, err = loginpages.Merge(doc)
		}
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, err, &invalid, yaml)
		require.True(t, invalid.Has("document"), yaml)
		require.Contains(t, err.Error(), want, yaml)
	}
}

func TestWarnings(t *testing.T) {
	doc, warnings, err := loginpages.ParseYAML([]byte("slug: x\nserver: {secret_key: hush}\nclient: {js: [a.js]}\n"))
	require.NoError(t, err)
	require.Len(t, warnings, 3)
	require.NotContains(t, string(doc), "hush")
}

// TestShown is the table of who sees a link.
func TestShown(t *testing.T) {
	yes, no := true, false
	stranger := loginpages.Viewer{}
	user := func(method string, verified *bool) loginpages.Viewer {
		return loginpages.Viewer{Authenticated: true, Method: method, Verified: verified}
	}
	for name, c := range map[string]struct {
		link loginpages.Link
		who  loginpages.Viewer
		want bool
	}{
		"everybody":                         {loginpages.Link{}, stranger, true},
		"users only, a stranger":            {loginpages.Link{Authenticated: &yes}, stranger, false},
		"strangers only, a user":            {loginpages.Link{Authenticated: &no}, user("", nil), false},
		"excluded method":                   {loginpages.Link{MethodsExcluded: []string{"saml"}}, user("saml", nil), false},
		"verified only, one who is":         {loginpages.Link{Authenticated: &yes, Verified: &yes}, user("", &yes), true},
		"verified only, one who is not":     {loginpages.Link{Authenticated: &yes, Verified: &yes}, user("", &no), false},
		"verified only, nobody knows":       {loginpages.Link{Authenticated: &yes, Verified: &yes}, user("", nil), true},
		"of a method, one of it":            {loginpages.Link{Authenticated: &yes, MethodsOnly: []string{"mobile_phone"}}, user("mobile_phone", nil), true},
		"of a method, another":              {loginpages.Link{Authenticated: &yes, MethodsOnly: []string{"mobile_phone"}}, user("email", nil), false},
		"of a method, by the other key":     {loginpages.Link{Authenticated: &yes, Methods: []string{"mobile_phone"}}, user("email", nil), false},
		"of a method without authenticated": {loginpages.Link{MethodsOnly: []string{"mobile_phone"}}, user("email", nil), true},
	} {
		require.Equal(t, c.want, c.link.Shown(c.who), name)
	}
}

// TestLanguagesAreWhole: every language has every text, with the same values in it.
func TestLanguagesAreWhole(t *testing.T) {
	read := func(name string) (out map[string]string) {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, &out))
		return out
	}
	english := read("languages/en.json")
	names, err := filepath.Glob("languages/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(names), 8)
	for _, name := range names {
		other := read(name)
		for id, text := range english {
			require.NotEmpty(t, other[id], "%s lacks %s", name, id)
			for _, value := range []string{"{{.Name}}", "{{.Number}}", "{{.Seconds}}", "{{.Reply}}", "{{.Used}}", "{{.Limit}}"} {
				require.Equal(t, strings.Count(text, value), strings.Count(other[id], value), "%s %s", name, id)
			}
		}
		require.Len(t, other, len(english), name)
	}
}
