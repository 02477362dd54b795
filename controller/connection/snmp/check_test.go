package snmp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/snmp"
)

func TestCheck(t *testing.T) {
	for _, text := range []string{`{"version":"3"}`, `{"version":"3","username":"a","auth_protocol":"SHA","auth_password":"short"}`,
		`{"version":"3","username":"a","privacy_protocol":"AES","privacy_password":"long enough"}`,
		`{"version":"3","username":"a","auth_protocol":"SHA","auth_password":"long enough","privacy_protocol":"AES","privacy_password":"short"}`} {
		require.Error(t, snmp.Check(wispwright.JSON(text)), text)
	}
}
