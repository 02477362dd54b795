package valid_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

func TestText(t *testing.T) {
	lower := valid.Matching(regexp.MustCompile(`^[a-z]+$`), "Lower case only.")
	for _, c := range []struct {
		text  string
		rules []valid.Rule
		want  []string
	}{
		{"", nil, nil},
		{"", []valid.Rule{valid.Required, valid.Max(3), lower, valid.Email, valid.URL, valid.Slug, valid.IP, valid.OneOf("", "a")}, []string{valid.Blank}},
		{"ÄÖÜ", []valid.Rule{valid.Required, valid.Max(3)}, nil},
		{"ÄÖÜs", []valid.Rule{valid.Max(3), lower}, []string{"Ensure this value has at most 3 characters (it has 4).", "Lower case only."}},
		{"a\x00", []valid.Rule{lower}, []string{"Lower case only.", valid.NullCharacters}},
		{"a\xff", nil, []string{valid.NotUTF8}},
		{"ann@example.org", []valid.Rule{valid.Email}, nil},
		{"ann@localhost", []valid.Rule{valid.Email}, nil},
		{"Ann <ann@example.org>", []valid.Rule{valid.Email}, []string{valid.NoEmail}},
		{"ann@example.org\r\nBcc: x@y.org", []valid.Rule{valid.Email}, []string{valid.NoEmail}},
		{"https://example.org/a?b", []valid.Rule{valid.URL}, nil},
		{"javascript://example.org", []valid.Rule{valid.URL}, []string{valid.NoURL}},
		{"a-b_C9", []valid.Rule{valid.Slug}, nil},
		{"a b", []valid.Rule{valid.Slug}, []string{valid.NoSlug}},
		{"fe80::1", []valid.Rule{valid.IP}, nil},
		{"fe80::1%eth0", []valid.Rule{valid.IP}, []string{valid.NoIP}},
		{"b", []valid.Rule{valid.OneOf("a", "b")}, nil},
		{"c", []valid.Rule{valid.OneOf("a", "b")}, []string{`"c" is not a valid choice.`}},
	} {
		var v wispwright.ValidationError
		valid.Text(&v, "f", c.text, c.rules...)
		require.Equal(t, c.want, v.Messages(), c.text)
	}
}

func TestObject(t *testing.T) {
	for given, want := range map[wispwright.JSON]wispwright.JSON{
		"": "{}", "null": "{}", " { } ": "{}", `{"a":1}`: `{"a":1}`,
		"[1]": "", `"x"`: "", `{"a":}`: "", `{"a":1} x`: "", "{\"a\":\"\xff\"}": "",
	} {
		var v wispwright.ValidationError
		value := given
		valid.Object(&v, "context", &value)
		if want == "" {
			require.EqualError(t, v.Err(), "invalid: context: "+valid.NoObject, given)
			continue
		}
		require.NoError(t, v.Err(), given)
		require.Equal(t, want, value)
	}
}

func TestWords(t *testing.T) {
	id := wispwright.ID{15: 1}
	require.Equal(t, `Invalid pk "00000000-0000-0000-0000-000000000001" - object does not exist.`, valid.UnknownPK(id))
	require.Equal(t, `Invalid pk "00000000-0000-0000-0000-000000000000" - object does not exist.`, valid.UnknownPK(wispwright.ID{}))
	require.Equal(t, `Invalid pk "5" - object does not exist.`, valid.UnknownPK(5))
	require.NoError(t, valid.Reference(nil, "user", id))
	require.ErrorIs(t, valid.Reference(wispwright.ErrLimit, "user", id), wispwright.ErrLimit)
	require.EqualError(t, valid.Reference(wispwright.ErrNotFound, "user", id), "invalid: user: "+valid.UnknownPK(id))
	require.Equal(t, "group with this name already exists.", valid.Taken("group", "name"))
	require.Equal(t, "x with this a, b and c already exists.", valid.Taken("x", "a", "b", "c"))
}
