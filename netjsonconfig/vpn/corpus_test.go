package vpn_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// fileArchive is an archive of one file.
func fileArchive(t testing.TB, name, contents string) []byte {
	t.Helper()
	b := &njc.Backend{Renderer: oneFile{Path: name, Mode: njc.DefaultMode, Contents: contents}}
	config, err := njc.New(b, new(ordered.Object), nil)
	require.NoError(t, err)
	packed, err := config.Generate()
	require.NoError(t, err)
	return packed
}

// oneFile is a renderer of a given file.
type oneFile njc.File

func (oneFile) Append(dst []byte, _ *njc.Native) ([]byte, error) { return dst, nil }

func (f oneFile) Members(*njc.Native) ([]njc.File, error) { return []njc.File{njc.File(f)}, nil }

// TestOpenVPNCorpusSurvives reads configuration files as people have them and
// writes them again: every line OpenVPN acts on is still there.
func TestOpenVPNCorpusSurvives(t *testing.T) {
	paths, err := filepath.Glob("testdata/corpus/*")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 12)
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, native := range [][]byte{fileArchive(t, name, string(text)), text} {
				config, report, err := njc.ParseReporting(vpn.OpenVPN(), native, nil)
				require.NoError(t, err)
				require.NoError(t, config.Validate())
				require.NotNil(t, report)
				members, err := config.Members()
				require.NoError(t, err)
				got := ""
				for _, m := range members {
					got += m.Contents
				}
				have := directives(got)
				for line := range directives(string(text)) {
					require.Contains(t, have, line, "%s\n%s", config.Merged(), got)
				}
				again, err := config.Generate()
				require.NoError(t, err)
				second, err := njc.Parse(vpn.OpenVPN(), again, nil)
				require.NoError(t, err)
				require.NoError(t, second.Validate())
			}
		})
	}
}

// directives are the lines of a file that have an effect, spelled in one way.
func directives(text string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, comment := range []string{"  #", " # This", " # trailing"} {
			line, _, _ = strings.Cut(line, comment)
		}
		line = strings.TrimPrefix(strings.TrimSpace(line), "--")
		switch {
		case line == "", line[0] == '#', line[0] == ';':
			continue
		case line == "client":
			out["pull"], out["tls-client"], out["mode p2p"] = true, true, true
			continue
		case line == "proto tcp":
			line = "proto tcp-"
		case line == "comp-lzo":
			line = "comp-lzo adaptive"
		case line == "status-version 2": // a later line says 3
			continue
		case strings.HasPrefix(line, "remote ") && !strings.Contains(line[7:], " "):
			line += " 1194"
		}
		out[strings.Join(strings.Fields(line), " ")] = true
		if strings.HasPrefix(line, "proto tcp-") {
			out["proto tcp-"] = true
		}
		if strings.HasPrefix(line, "mode p2p") || strings.HasPrefix(line, "pull") {
			out["pull"], out["tls-client"], out["mode p2p"] = true, true, true
		}
	}
	return out
}

// TestOpenVPNReport says what could not become NetJSON, and where it went.
func TestOpenVPNReport(t *testing.T) {
	config, report, err := njc.ParseReporting(vpn.OpenVPN(), []byte("client\ndev tun0\nproto udp\nremote a.example.org 1194\nverb 20\nname x\nreneg-sec 0\n<ca>\nx\n</ca>\n"), nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"openvpn": [{"name": "openvpn", "mode": "p2p", "proto": "udp", "dev": "tun0", "pull": true, "tls_client": true,
		"remote": [{"host": "a.example.org", "port": 1194}], "--verb": "20", "--reneg-sec": "0", "<ca>": "x"}]}`, config.Merged().String())
	text, err := config.Render()
	require.NoError(t, err)
	require.Contains(t, text, "\n--reneg-sec 0\n")
	require.Contains(t, text, "\n<ca>\nx\n</ca>\n")
	require.Len(t, report.Of(njc.KeptRaw), 2)
	require.Equal(t, "dropped openvpn.name: OpenVPN has no such option", report.Of(njc.Dropped)[0].String())

	// A tunnel that is none for the schema is a file.
	config, report, err = njc.ParseReporting(vpn.OpenVPN(), []byte("dev tun0\nsecret s.key\n"), nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"files": [{"path": "openvpn.conf", "mode": "0644", "contents": "dev tun0\nsecret s.key\n"}]}`, config.Merged().String())
	require.Equal(t, "openvpn", report.Of(njc.KeptRaw)[0].Section)

	// Two tunnels of one name are both there.
	config, err = njc.Parse(vpn.OpenVPN(), []byte("# openvpn config: a\ndev tun0\n# openvpn config: a\ndev tun1\n"), nil)
	require.NoError(t, err)
	require.NoError(t, config.Validate())

	_, err = vpn.OpenVPN().Merge(config.Merged())
	require.NoError(t, err)
	for _, bad := range []string{`{"<ca>": 1}`, `{"<": "x"}`, `{"<ca>": "</ca>\nscript"}`} {
		o, err := ordered.DecodeObject([]byte(`{"openvpn": [{"name": "ab", "mode": "p2p", "proto": "udp", "dev": "tun0", "remote": [{"host": "a.example.org", "port": 1194}], ` + bad[1:] + `]}`))
		require.NoError(t, err)
		c, err := njc.New(vpn.OpenVPN(), o, nil)
		require.NoError(t, err)
		_, err = c.Render()
		require.ErrorContains(t, err, "not a file inside", bad)
	}
}
