package openwrt_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// seeds are this package's samples, and the recorded inputs where they are.
func seeds(f *testing.F, add func(v vector)) {
	for _, name := range sizes[:1] { // large inputs take the fuzzer long to minimise
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		require.NoError(f, err)
		config, err := njc.NewJSON(openwrt.Backend(), text, nil)
		require.NoError(f, err)
		native, err := config.RenderNative()
		require.NoError(f, err)
		add(vector{Config: text, Native: native})
	}
	root := os.Getenv("WISPWRIGHT_VECTORS")
	if root == "" {
		return
	}
	files, err := filepath.Glob(filepath.Join(root, "netjsonconfig", "openw*.json"))
	require.NoError(f, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		var vectors []vector
		require.NoError(f, json.Unmarshal(raw, &vectors))
		for _, v := range vectors {
			add(v)
		}
	}
}

// FuzzRender renders any JSON, with the schema in the way and without: what the
// schema lets through is text that reads back, and nothing ends in a panic.
func FuzzRender(f *testing.F) {
	seeds(f, func(v vector) { f.Add(string(v.Config), true) })
	f.Add(`{"interfaces":[{"name":1,"type":"bridge","addresses":[{"mask":"x"}],"vlan_filtering":[1,{"ports":[null]}]}]}`, false)
	f.Add(`{"radios":[{"protocol":"802.11n"}],"a":[{"config_name":"x","k":{"y":[]}}],"openvpn":[{"remote":1,"tls_auth":"a b c"}]}`, false)
	backends := []*njc.Backend{openwrt.Backend(), openwrt.Legacy()}
	for _, b := range backends {
		free := b.Clone()
		free.Schema, free.Before, free.After = nil, nil, nil
		backends = append(backends, free)
	}
	f.Fuzz(func(t *testing.T, text string, dsa bool) {
		for _, b := range backends {
			config, err := njc.NewJSON(b, []byte(text), &njc.Options{DSA: &dsa})
			if err != nil {
				return
			}
			rendered, err := config.RenderNative()
			if err != nil {
				var invalid *njc.ValidationError
				require.ErrorAs(t, err, &invalid)
				continue
			}
			_, err = uci.ParseAll([]byte(rendered))
			require.NoError(t, err, "%s", rendered)
			if _, err = config.Generate(); err != nil && b.Schema != nil {
				t.Fatal(err)
			}
			_, _ = njc.Parse(b, []byte(rendered), nil) // may be refused, must not panic
		}
	})
}

// FuzzParse reads any text: no panic, and what is accepted can be written.
func FuzzParse(f *testing.F) {
	seeds(f, func(v vector) {
		if v.Native != "" {
			f.Add(v.Native, true)
		}
	})
	f.Add("package network\nconfig device\n\tlist name 'x'\nconfig interface\n\tlist device 'a'\n\tlist proto 'b'\n", true)
	b := openwrt.Backend()
	free := b.Clone()
	free.Schema, free.Before, free.After = nil, nil, nil
	f.Fuzz(func(t *testing.T, text string, dsa bool) {
		_, _ = njc.Parse(free, []byte(text), &njc.Options{DSA: &dsa}) // any answer but a panic
		config, err := njc.Parse(b, []byte(text), &njc.Options{DSA: &dsa})
		if err != nil {
			var (
				invalid *njc.ValidationError
				syntax  *njc.ParseError
			)
			require.True(t, errors.As(err, &invalid) || errors.As(err, &syntax), "%v", err)
			return
		}
		if _, err = config.Render(); err != nil {
			var invalid *njc.ValidationError
			require.ErrorAs(t, err, &invalid)
		}
	})
}
