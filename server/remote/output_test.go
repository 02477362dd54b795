package remote

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
)

// TestNothingSteersTheTerminal: names come from devices.
func TestNothingSteersTheTerminal(t *testing.T) {
	var b strings.Builder
	objects := []wispwright.JSON{`{"id":1,"name":"a\u001b[2J\nb\tc\u202e","config":{"status":"applied"}}`, `{"id":2,"name":"","config":null}`}
	require.NoError(t, writeTable(&b, []string{"id", "name", "config.status", "missing"}, objects))
	require.Equal(t, "ID  NAME        CONFIG.STATUS  MISSING\n1   a\uFFFD[2J b c\uFFFD  applied        -\n2   -           -              -\n", b.String())
	b.Reset()
	require.NoError(t, writeObject(&b, `{"z":[1,{"x":"y"}],"a":true,"n":null}`))
	require.Equal(t, "a  true\nn  -\nz  [1,{\"x\":\"y\"}]\n", b.String())
	b.Reset()
	require.NoError(t, writeJSON(&b, wispwright.JSON(`{"z":1.50,"a":"<&>"}`)))
	require.Equal(t, 2, strings.Count(b.String(), "  \""))
	require.Contains(t, b.String(), `"a": "<&>"`)
	require.Contains(t, b.String(), `"z": 1.50`, "as the server wrote it, in its order")
	require.Error(t, writeObject(&b, `[]`))
	require.Error(t, writeTable(&b, nil, []wispwright.JSON{"{"}))
}

func TestFieldsThatAreLost(t *testing.T) {
	for _, kind := range kinds() {
		_, err := checked(nil, kind.in())
		require.NoError(t, err)
		_, err = checked(nil, kind.change())
		require.NoError(t, err)
		require.NotEmpty(t, kind.columns)
	}
	fields, err := collect("", []string{`config.config:={"a":{"anything":1}}`, "config.backend=x", "group:=null", "notes=a=b"}, strings.NewReader(""))
	require.NoError(t, err)
	text, err := checked(fields, kinds()["device"].in())
	require.NoError(t, err)
	require.JSONEq(t, `{"config":{"config":{"a":{"anything":1}},"backend":"x"},"group":null,"notes":"a=b"}`, string(text))
	_, err = collect("-", nil, strings.NewReader("null"))
	require.ErrorIs(t, err, errUsage)
	_, err = collect("-", nil, strings.NewReader("[]"))
	require.ErrorIs(t, err, errUsage)
}
