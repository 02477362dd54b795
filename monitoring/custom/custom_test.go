package custom_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring/custom"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func TestResolve(t *testing.T) {
	doc, err := ordered.DecodeObject([]byte(`{"general":{"uptime":12.5,"a/b":3,"text":" 4.5 ","word":"x","on":true,"nan":"NaN"},
		"temperatures":[40,{"value":41}],"interfaces":[{"name":"lan","speed":1},{"name":"wan","speed":1000,"vlan":7},7]}`))
	require.NoError(t, err)
	for path, want := range map[string]float64{
		"/general/uptime": 12.5, "/general/a~1b": 3, "/general/text": 4.5, "/general/on": 1, "/temperatures/0": 40, "/temperatures/1/value": 41,
		"/interfaces/name=wan/speed": 1000, "/interfaces/vlan=7/speed": 1000,
	} {
		got, ok, err := custom.Resolve(doc, path)
		require.NoError(t, err, path)
		require.True(t, ok, path)
		require.InDelta(t, want, got, 0, path)
	}
	for _, path := range []string{"/general", "/general/word", "/general/nan", "/general/missing", "/general/uptime/more", "/temperatures/2", "/temperatures/-1", "/temperatures/x",
		"/interfaces/name=none/speed", "/interfaces/2/speed", "/general/name=x"} {
		_, ok, err := custom.Resolve(doc, path)
		require.NoError(t, err, path)
		require.False(t, ok, path)
	}
	for _, path := range []string{"", "general", "/", "/general//uptime", "/" + string(make([]byte, 300))} {
		_, _, err := custom.Resolve(doc, path)
		require.Error(t, err, path)
	}
}
