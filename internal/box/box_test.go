package box_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/box"
)

// What is told to a box stays in it.
func TestABoxIsApart(t *testing.T) {
	b := box.OpenSSH(t, "")
	out, err := b.Within(b.Dir + "/bin/ps").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "sleep infinity")
	require.NotContains(t, string(out), "box.test", "other processes are not seen")
	out, err = b.Within("cat /etc/shells").Output()
	require.NoError(t, err)
	require.Equal(t, b.Dir+"/shell\n", string(out))
}
