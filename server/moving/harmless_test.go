package moving

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// No spreadsheet takes a name for a formula; numbers stay what they are.
func TestHarmless(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "anna": "anna", "a=b": "a=b", "=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "-2+3": "'-2+3", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "+49 30 1234": "+49 30 1234", "-5": "-5", "=5": "'=5",
	} {
		require.Equal(t, want, harmless(cell), cell)
	}
}
