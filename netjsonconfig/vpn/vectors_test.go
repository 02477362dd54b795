package vpn_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

func backend(t testing.TB, key string) *njc.Backend {
	t.Helper()
	switch key {
	case "openvpn":
		return vpn.OpenVPN()
	case "wireguard":
		return vpn.Wireguard()
	case "vxlan":
		return vpn.VxlanWireguard()
	case "zerotier":
		return vpn.ZeroTier()
	}
	t.Skipf("%s is another package's", key)
	return nil
}

// vector is one recorded run of the reference implementation.
type vector struct {
	Name        string
	Backend     string
	Operation   string
	Config      json.RawMessage
	Native      string
	NativeFiles []struct{ Name, Contents string } `json:"native_files"`
	Expected    struct {
		Text  *string
		Files []struct {
			Name, Mode string
			Contents   *string
		}
		Config  json.RawMessage
		Error   string
		Path    []any
		Keyword string
	}
}

// deviations are vectors whose recorded result loses data: of keys that occur
// several times the reference keeps the last only, here they become a list, so
// that what was rendered reads back the same (spec: netjsonconfig §10).
func deviations() map[string]string {
	return map[string]string{
		"reverse of: server list option render":  `{"push": ["route 10.0.0.0 255.0.0.0", "dhcp-option DNS 10.0.0.1"]}`,
		"reverse of: server option another_list": `{"another_list": ["x", "y"]}`,
	}
}

func TestVectors(t *testing.T) {
	for _, file := range []string{"openvpn", "wireguard-vxlan-zerotier", "vpn-parse", "validation"} {
		t.Run(file, func(t *testing.T) {
			var vectors []vector
			testkit.ReadVectors(t, &vectors, "netjsonconfig", file+".json")
			require.NotEmpty(t, vectors)
			for _, v := range vectors {
				t.Run(v.Name, func(t *testing.T) { check(t, v) })
			}
		})
	}
}

func check(t *testing.T, v vector) {
	b := backend(t, v.Backend)
	var config *njc.Config
	var err error
	if v.Operation == "parse" {
		native := []byte(v.Native)
		if v.NativeFiles != nil {
			native = pack(t, v)
		}
		config, err = njc.Parse(b, native, nil)
	} else {
		config, err = njc.NewJSON(b, v.Config, nil)
		require.NoError(t, err)
		switch v.Operation {
		case "validate":
			err = config.Validate()
		case "render":
			var text string
			if text, err = config.Render(); err == nil {
				require.Equal(t, *v.Expected.Text, text)
			}
		case "generate":
			var members []njc.File
			if members, err = config.Members(); err == nil {
				require.Len(t, members, len(v.Expected.Files))
				for i, f := range v.Expected.Files {
					require.Equal(t, f.Name, members[i].Path)
					require.Equal(t, f.Mode, members[i].Mode)
					require.Equal(t, *f.Contents, members[i].Contents)
				}
			}
		default:
			t.Fatalf("unknown operation %q", v.Operation)
		}
	}
	switch v.Expected.Error {
	case "":
		require.NoError(t, err)
	case "NotImplementedError":
		require.ErrorIs(t, err, njc.ErrNoParser)
	case "ValidationError":
		var e *njc.ValidationError
		require.ErrorAs(t, err, &e)
		var got []string
		for _, part := range v.Expected.Path {
			got = append(got, fmt.Sprint(part))
		}
		require.Equal(t, got, e.Path(), "%v", err)
		require.Equal(t, v.Expected.Keyword, e.Keyword())
	default:
		t.Fatalf("unknown error class %q", v.Expected.Error)
	}
	if v.Expected.Config == nil {
		return
	}
	want, err := ordered.DecodeObject(v.Expected.Config)
	require.NoError(t, err)
	if text, ok := deviations()[v.Name]; ok {
		other, err := ordered.DecodeObject([]byte(text))
		require.NoError(t, err)
		list, _ := want.Get("openvpn")
		for key, member := range other.All() {
			list.([]any)[0].(*ordered.Object).Set(key, member)
		}
	}
	require.JSONEq(t, want.String(), config.Merged().String())
}

func pack(t *testing.T, v vector) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	for _, f := range v.NativeFiles {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o644, Size: int64(len(f.Contents))}))
		_, err := w.Write([]byte(f.Contents))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return buf.Bytes()
}
