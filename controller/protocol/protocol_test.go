package protocol_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/protocol"
)

func TestErrorsOfAParameterAreEqualByName(t *testing.T) {
	err := fmt.Errorf("register: %w", &protocol.MissingParameterError{Name: "key"})
	require.ErrorIs(t, err, protocol.ErrMissingKey)
	require.False(t, errors.Is(&protocol.MissingParameterError{Name: "secret"}, protocol.ErrMissingKey))
}

// The key that an agent computes for itself.
func ExampleConsistentKey() {
	fmt.Println(protocol.ConsistentKey("00:11:22:33:44:55", "s3cr3t").Reveal())
	// Output: e32139827a808ab08021feaf3d8beac4
}
