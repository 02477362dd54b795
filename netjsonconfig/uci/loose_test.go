package uci_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

func TestParseLoose(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"lines that are no statement":   {"config s 'n'\n\toption k 'v'\n\tmore garbage\n\to a b\n", "config s 'n'\n\toption k 'v'\n"},
		"an option without a name":      {"config s 'n'\n\toption\n\toption k 'v'\n", "config s 'n'\n\toption '' ''\n\toption k 'v'\n"},
		"a value without quotes":        {"config s n\n\toption k two  words or 'more'\n\tlist l 'a' \"b\"\n", "config s 'n'\n\toption k 'two  words or more'\n\tlist l 'a b'\n"},
		"a header of three words":       {"config s n more\n\toption k v\n", "config s 'n'\n\toption k 'v'\n"},
		"a header without a type":       {"config s n\n\toption k v\nconfig\n\toption k w\n", "config s 'n'\n\toption k 'v'\n"},
		"a comment before any section":  {"\n# a comment\nconfig s 'n'\n\t# another\n\toption k 'v' # third\n", "config '#' 'a'\n\nconfig s 'n'\n\toption k 'v'\n"},
		"two comments, one of one word": {"#one\n# two\nconfig s\n", "config '#one'\n\nconfig s\n"},
		"text before any section":       {"garbage 'here'\n\toption k 'v'\nconfig s 'n'\n", "config garbage 'here'\n\toption k 'v'\n\nconfig s 'n'\n"},
		"an option before any section":  {"\toption k 'v'\nconfig s 'n'\n", "config s 'n'\n"},
		"a second package":              {"config s 'n'\npackage b\nconfig t\n", "config s 'n'\n"},
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := uci.ParseLoose([]byte("option lost '1'\n# lost\npackage a\n" + c.text))
			require.NoError(t, err)
			require.Equal(t, "a", packages[0].Name)
			require.Equal(t, c.want, packages[0].String())
		})
	}
	_, err := uci.ParseLoose([]byte("package a\nconfig s 'n"))
	require.Error(t, err, "text that ends within quotes")
}
