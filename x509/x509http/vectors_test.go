package x509http_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/replay"
)

func additive() []string {
	return []string{"parent", "path_length", "auto_renew", "enrolment", "revoked", "revoked_at", "revocation_reason", "has_private_key"}
}

func instead(path string, value any, reason string) replay.Deviation {
	return replay.Deviation{Path: path, Instead: value, Reason: reason}
}

// What differs from the recordings on purpose.
const (
	optional = "x509 §8: serial_number may be left out (recommended: optional), so that what is wrong beside it is said"
	secret   = "README, standing decision 4: private keys are for those who may change the object in its own organization"
	anyOfTwo = "controller-config §12.1: the detail of shared objects wants an explicit view permission [defect]: accept view or change"
)

func TestRecordings(t *testing.T) {
	deviations := map[int][]replay.Deviation{
		25: {instead("body", object{"organization": []string{"Please ensure that the organization of this certificate and the organization of the related CA match."}}, optional)},
		28: {instead("body.serial_number", replay.Absent, optional)},
		52: {instead("body.results[1].private_key", "", secret)},
		53: {instead("body.results[0].private_key", "", secret), instead("body.results[1].private_key", "", secret), instead("body.results[2].private_key", "", secret), instead("body.results[3].private_key", "", secret)},
		31: {instead("body", object{"__all__": []string{"CA doesn't match: the issuer of the certificate is not the subject of the CA."}}, optional)},
	}
	eachStorage(t, nil, func(t *testing.T, s *server) {
		p := replay.Player{Handler: s, Vars: s.recorded(t), Additive: additive(), Deviations: deviations, Token: func(user string) string { return s.tokens[user] }}
		r := p.Play(t, replay.Load(t, "rest", "pki.ca-cert.json"))
		require.Zero(t, r.Different)
		t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
	})
}

// TestRecordedIsolation plays what the recording has of CAs and certificates.
func TestRecordedIsolation(t *testing.T) {
	scenario := replay.Load(t, "rest", "tenancy.isolation.json")
	skip := map[int]string{}
	for _, e := range scenario.Exchanges {
		if !strings.Contains(e.Request.Path, caPath) && !strings.Contains(e.Request.Path, certPath) {
			skip[e.N] = "another entity"
		}
	}
	deviations := map[int][]replay.Deviation{
		21:  {instead("body.results[0].private_key", "", secret)},
		60:  {instead("body.private_key", "", secret)},
		108: {instead("status", 200, anyOfTwo), instead("body", replay.Anything, anyOfTwo)},
	}
	eachStorage(t, nil, func(t *testing.T, s *server) {
		p := replay.Player{Handler: s, Vars: s.recorded(t), Additive: additive(), Skip: skip, Deviations: deviations, Token: func(user string) string { return s.tokens[user] }}
		r := p.Play(t, scenario)
		require.Zero(t, r.Different, fmt.Sprint(r))
		t.Logf("%d played, %d equal, %d excepted", r.Played, r.Equal, r.Excepted)
	})
}
