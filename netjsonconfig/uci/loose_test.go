package uci_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

func TestParseLoose(t *testing.T) {
	packages, err := uci.ParseLoose([]byte("option lost '1'\npackage a\ngarbage here\nconfig s 'n'\n\toption\n\toption k 'v'\n\tmore garbage\n"))
	require.NoError(t, err)
	require.Len(t, packages, 1)
	require.Equal(t, "config s 'n'\n\toption k 'v'\n", packages[0].String())

	_, err = uci.ParseLoose([]byte("package a\nconfig s 'n"))
	require.Error(t, err, "text that ends within quotes")
}
