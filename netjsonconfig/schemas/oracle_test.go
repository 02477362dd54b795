package schemas_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// documents are the schemas by the names of their backends.
func documents() map[string]*schemas.Document {
	return map[string]*schemas.Document{
		"openwrt": schemas.OpenWrt(), "openwisp": schemas.OpenWisp(), "openvpn": schemas.OpenVPN(),
		"wireguard": schemas.Wireguard(), "vxlan": schemas.VxlanWireguard(), "zerotier": schemas.ZeroTier(),
	}
}

// oracle compiles a document with an independent implementation.
func oracle(t testing.TB, d *schemas.Document) *jsonschema.Schema {
	t.Helper()
	// The document's misspelt bounds are enforced by ours, so by the oracle too.
	text := bytes.ReplaceAll(d.JSON, []byte(`"maxmium"`), []byte(`"maximum"`))
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.AssertFormat()
	for name, check := range schema.DefaultFormats() {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !check(s) {
				return os.ErrInvalid
			}
			return nil
		}})
	}
	require.NoError(t, c.AddResource("mem:///schema", document))
	s, err := c.Compile("mem:///schema")
	require.NoError(t, err)
	return s
}

// seeds are the project's own configurations of every backend.
func seeds(t testing.TB) map[string][]any {
	t.Helper()
	out := map[string][]any{}
	own, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	for _, path := range own {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		v, err := ordered.Decode(text)
		require.NoError(t, err, path)
		backend, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".json"), "-")
		out[backend] = append(out[backend], v)
	}
	require.Len(t, out, len(documents()), "every backend needs a seed")
	return out
}

// recorded are the configurations of the recorded vectors.
func recorded(t testing.TB) map[string][]any {
	t.Helper()
	out := map[string][]any{}
	paths, err := filepath.Glob(filepath.Join(testkit.Vectors(t, "netjsonconfig"), "*.json"))
	require.NoError(t, err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var list []struct {
			Backend string
			Config  json.RawMessage
		}
		require.NoError(t, json.Unmarshal(text, &list))
		for _, item := range list {
			if o, err := ordered.DecodeObject(item.Config); err == nil && item.Backend != "" {
				out[item.Backend] = append(out[item.Backend], o)
			}
		}
	}
	return out
}

// TestSeedsAreValid keeps the seeds useful: mutants of valid configurations
// reach further than those of invalid ones.
func TestSeedsAreValid(t *testing.T) {
	for backend, list := range seeds(t) {
		for _, v := range list {
			require.NoError(t, documents()[backend].Schema.Validate(v), backend)
		}
	}
}

// TestMutantsAgree holds the checker against an independent implementation on
// configurations that were damaged at random.
func TestMutantsAgree(t *testing.T) { mutantsAgree(t, seeds(t)) }

// TestRecordedAgree does so with the recorded configurations.
func TestRecordedAgree(t *testing.T) {
	all := recorded(t)
	for backend, d := range documents() {
		other := oracle(t, d)
		for _, v := range all[backend] {
			agree(t, d, other, v)
		}
	}
	mutantsAgree(t, all)
}

func mutantsAgree(t *testing.T, all map[string][]any) {
	for backend, d := range documents() {
		other := oracle(t, d)
		t.Run(backend, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				v := ordered.Clone(rapid.SampledFrom(all[backend]).Draw(r, "seed"))
				for range rapid.IntRange(1, 3).Draw(r, "mutations") {
					v = mutate(r, v)
				}
				agree(r, d, other, v)
			})
		})
	}
}

// agree fails when the yes/no check, the error and the oracle differ, or when
// the error's place is not among the oracle's.
func agree(t require.TestingT, d *schemas.Document, other *jsonschema.Schema, v any) {
	text := string(ordered.Append(nil, v))
	if strings.ContainsAny(text, "\u00a0\u2028") || hasWholeFloat(v) {
		return // the oracle knows other white space and takes 1.0 for an integer; it also
		// wants $ to stand before nothing, but no mutant ends with a line break
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	err = other.Validate(value)
	require.Equal(t, err == nil, d.Schema.Valid(v), "%s\n%v", text, err)
	ours := d.Schema.Validate(v)
	require.Equal(t, err == nil, ours == nil, text)
	if err == nil {
		return
	}
	var e *schema.Error
	require.ErrorAs(t, ours, &e)
	var theirs *jsonschema.ValidationError
	require.ErrorAs(t, err, &theirs)
	require.True(t, mentions(theirs, e.Pointer), "%s\nours: %v\ntheirs: %v", text, ours, err)
}

// mentions reports whether the oracle found something wrong at that place.
func mentions(e *jsonschema.ValidationError, pointer string) bool {
	var b strings.Builder
	for _, part := range e.InstanceLocation {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	if b.String() == pointer {
		return true
	}
	for _, cause := range e.Causes {
		if mentions(cause, pointer) {
			return true
		}
	}
	return false
}

func hasWholeFloat(v any) bool {
	switch v := v.(type) {
	case ordered.Number:
		f, err := v.Float64()
		return !v.IsInteger() && (err != nil || f == float64(int64(f)))
	case []any:
		for _, item := range v {
			if hasWholeFloat(item) {
				return true
			}
		}
	case *ordered.Object:
		for _, member := range v.All() {
			if hasWholeFloat(member) {
				return true
			}
		}
	}
	return false
}

// mutate damages a value at one place.
func mutate(r *rapid.T, v any) any {
	switch v := v.(type) {
	case *ordered.Object:
		if v.Len() == 0 || rapid.IntRange(0, 9).Draw(r, "here") == 0 {
			break
		}
		key, member := v.At(rapid.IntRange(0, v.Len()-1).Draw(r, "key"))
		switch rapid.IntRange(0, 7).Draw(r, "object") {
		case 0:
			v.Delete(key)
		case 1:
			v.Set(key+"_", member)
		case 2:
			v.Set(rapid.SampledFrom([]string{"type", "name", "mode", "server", "key", "protocol"}).Draw(r, "new"), scalar(r))
		default:
			v.Set(key, mutate(r, member))
		}
		return v
	case []any:
		if len(v) == 0 || rapid.IntRange(0, 9).Draw(r, "here") == 0 {
			break
		}
		i := rapid.IntRange(0, len(v)-1).Draw(r, "item")
		switch rapid.IntRange(0, 7).Draw(r, "list") {
		case 0:
			return append(v, ordered.Clone(v[i]))
		case 1:
			return append(v[:i:i], v[i+1:]...)
		default:
			v[i] = mutate(r, v[i])
		}
		return v
	case string:
		return rapid.SampledFrom([]any{v + " ", v + "x", "", strings.ToUpper(v), strings.Repeat(v, 9), "\n" + v + "x", scalar(r)}).Draw(r, "text")
	case ordered.Number:
		if i, err := v.Int64(); err == nil {
			return rapid.SampledFrom([]any{
				ordered.Number(strconv.FormatInt(i+1, 10)), ordered.Number(strconv.FormatInt(-i, 10)),
				ordered.Number(strconv.FormatInt(i*1000, 10)), ordered.Number(string(v) + ".5"), scalar(r),
			}).Draw(r, "number")
		}
	}
	return scalar(r)
}

func scalar(r *rapid.T) any {
	return rapid.SampledFrom([]any{
		nil, true, false, "", "x", "static", "dhcp", "wireless", "bridge", "none", "802.11n", "server", "10.0.0.1", "::1",
		ordered.Number("0"), ordered.Number("1"), ordered.Number("-1"), ordered.Number("70000"), ordered.Number("1.5"),
		[]any{}, []any{"a", "a"}, new(ordered.Object),
	}).Draw(r, "scalar")
}
