package tenancy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/tenancy"
)

// No part of a message can add a line to its header.
func TestHeadersOfMessagesAreOneLine(t *testing.T) {
	good := tenancy.Message{To: "a@example.org", Subject: "s", Headers: map[string]string{"List-Unsubscribe": "<https://example.org/?token=x>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}}
	require.NoError(t, good.Validate())
	for field, change := range map[string][]func(*tenancy.Message){
		"to": {
			func(m *tenancy.Message) { m.To = "" }, func(m *tenancy.Message) { m.To = "a@example.org, b@example.org" }, func(m *tenancy.Message) { m.To = "a@example.org\r\nBcc: b@example.org" },
		},
		"subject": {
			func(m *tenancy.Message) { m.Subject = "s\r\nBcc: b@example.org" }, func(m *tenancy.Message) { m.Subject = "s\nX: y" }, func(m *tenancy.Message) { m.Subject = "s\x00" },
		},
		"headers": {
			func(m *tenancy.Message) { m.Headers = map[string]string{"X": "y\r\nBcc: b@example.org"} }, func(m *tenancy.Message) { m.Headers = map[string]string{"X": "y\rz"} },
			func(m *tenancy.Message) { m.Headers = map[string]string{"X\r\nBcc": "y"} }, func(m *tenancy.Message) { m.Headers = map[string]string{"Bcc: b@example.org, X": "y"} },
			func(m *tenancy.Message) { m.Headers = map[string]string{"": "y"} }, func(m *tenancy.Message) { m.Headers = map[string]string{"X": "y\x00"} },
		},
	} {
		for i, fn := range change {
			m := good
			fn(&m)
			require.ErrorContains(t, m.Validate(), field, "%s %d", field, i)
		}
	}
}
