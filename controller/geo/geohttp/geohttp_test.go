package geohttp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/geo/geohttp"
)

// What is on the wire is tested where everything is put together, in package
// server, with the recorded exchanges of the original.
func TestNew(t *testing.T) {
	_, err := geohttp.New(nil, nil, nil, nil)
	require.EqualError(t, err, "geohttp: the concern and devices are required")
}
