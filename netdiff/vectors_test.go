package netdiff

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// vector is one recorded case of the reference.
type vector struct {
	Name      string          `json:"name"`
	Operation string          `json:"operation"`
	Parser    string          `json:"parser"`
	OldParser string          `json:"old_parser"`
	Input     json.RawMessage `json:"input"`
	Old       json.RawMessage `json:"old"`
	New       json.RawMessage `json:"new"`
	Now       string          `json:"now"`
	Quirk     string          `json:"quirk"`
	Options   struct {
		Version, Revision, Metric string
		Directed                  bool
		DuplicateCN               bool `json:"duplicate_cn"`
	} `json:"options"`
	Expected struct {
		NetJSON   json.RawMessage `json:"netjson"`
		Diff      json.RawMessage `json:"diff"`
		Error     string          `json:"error"`
		Stage     string          `json:"stage"`
		Unhandled bool            `json:"unhandled"`
	} `json:"expected"`
}

// exception returns why a recorded result is not the right one here; the
// rules are those of spec: netdiff.
func (v vector) exception(err error) string {
	input := string(v.Input) + string(v.Old) + string(v.New)
	switch {
	case v.Expected.Error == "" && v.Parser == "cnml" && kindOf(err) == "ParserError":
		return "a document that cannot be loaded is an error, not an empty graph (§3.5)"
	case v.Expected.Error == "" || err != nil:
		return ""
	case strings.Contains(input, `\r\n`):
		return "CRLF ends a line as well (§3.2)"
	case v.Parser == "openvpn" && strings.Contains(input, "TITLE"):
		return "status versions 2 and 3 are read (§3.6)"
	case v.Parser == "openvpn" && regexp.MustCompile(`(udp|tcp)[46]?(-server|-client)?:|\[[0-9a-f:]+\]:|@\d|,\d{4}-\d\d-\d\d |Username|Peer ID`).MatchString(input):
		return "dates, addresses and columns of newer releases are read (§3.6)"
	}
	return ""
}

func (v vector) options(t *testing.T) *Options {
	now := time.Date(2024, 11, 25, 12, 0, 0, 0, time.UTC)
	if v.Now != "" {
		var err error
		now, err = time.Parse(time.RFC3339, v.Now)
		require.NoError(t, err)
	}
	return &Options{Version: v.Options.Version, Revision: v.Options.Revision, Metric: v.Options.Metric,
		Directed: v.Options.Directed, DuplicateCN: v.Options.DuplicateCN, PresharedKeys: true,
		Now: func() time.Time { return now }}
}

// read gives the parser the recorded input: a text, or a decoded value.
func (v vector) read(t *testing.T, parser string, input json.RawMessage) (*Graph, error) {
	f, ok := Formats().Lookup(parser)
	require.True(t, ok, "no format %s", parser)
	value, err := ordered.Decode(input)
	require.NoError(t, err)
	return f.ParseValue(value, v.options(t))
}

func kindOf(err error) string {
	var conversion *ConversionError
	var parse *ParseError
	var netjson *NetJSONError
	switch {
	case errors.As(err, &conversion):
		return "ConversionException"
	case errors.As(err, &parse):
		return "ParserError"
	case errors.As(err, &netjson):
		return "NetJsonError"
	}
	return ""
}

// outcome runs a case as far as it goes.
func (v vector) outcome(t *testing.T) (result any, stage string, err error) {
	if v.Operation == "parse" {
		g, err := v.read(t, v.Parser, v.Input)
		if err != nil {
			return nil, "parse", err
		}
		doc, err := g.Document()
		return doc, "json", err
	}
	oldParser := v.Parser
	if v.OldParser != "" {
		oldParser = v.OldParser
	}
	before, err := v.read(t, oldParser, v.Old)
	if err != nil {
		return nil, "parse-old", err
	}
	after, err := v.read(t, v.Parser, v.New)
	if err != nil {
		return nil, "parse-new", err
	}
	d, err := Diff(before, after, nil)
	return d, "diff", err
}

func TestRecordedResults(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Vectors(t, "netdiff"), "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	equal, exceptions := 0, 0
	for _, file := range files {
		var vectors []vector
		testkit.ReadVectors(t, &vectors, "netdiff", filepath.Base(file))
		for _, v := range vectors {
			t.Run(strings.ReplaceAll(v.Name, "/", "|"), func(t *testing.T) {
				got, stage, err := v.outcome(t)
				if reason := v.exception(err); reason != "" {
					t.Logf("better than the reference: %s", reason)
					exceptions++
					return
				}
				switch {
				case v.Expected.Unhandled:
					if err != nil {
						require.NotEmpty(t, kindOf(err), "%T", err)
					}
					equal++
				case v.Expected.Error != "":
					require.Equal(t, v.Expected.Error, kindOf(err), "%v", err)
					require.Equal(t, v.Expected.Stage, stage)
					equal++
				default:
					require.NoError(t, err)
					want := v.Expected.NetJSON
					if v.Operation == "diff" {
						want = v.Expected.Diff
					}
					raw, err := json.Marshal(got)
					require.NoError(t, err)
					sameJSON(t, want, raw)
					equal++
				}
			})
		}
	}
	t.Logf("%d recorded cases agree, %d are answered better on purpose", equal, exceptions)
}

// sameJSON compares by value: numbers within 1e-9, the order of keys is free.
func sameJSON(t *testing.T, want, got []byte) {
	t.Helper()
	var w, g any
	require.NoError(t, json.Unmarshal(want, &w))
	require.NoError(t, json.Unmarshal(got, &g))
	if !closeEnough(w, g) {
		require.JSONEq(t, string(want), string(got))
	}
}

func closeEnough(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || a-b < 1e-9 && b-a < 1e-9)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !closeEnough(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			v, ok := b[k]
			if !ok || !closeEnough(a[k], v) {
				return false
			}
		}
		return true
	}
	return a == b
}
