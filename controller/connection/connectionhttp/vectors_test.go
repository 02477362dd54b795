package connectionhttp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/replay"
	"github.com/wispwright/wispwright/internal/testkit"
)

func instead(path string, value any, reason string) replay.Deviation {
	return replay.Deviation{Path: path, Instead: value, Reason: reason}
}

// What differs from the recordings on purpose.
const (
	inferred  = "connection §2.2: the inferred strategy is stored and answered"
	reachable = "connection §6.2: a device without credentials gets no commands"
	secret    = "connection §8.3: passwords are not answered"
)

// additive are keys beyond the recordings: of mass commands, and of devices.
func additive() []string {
	return []string{"batch_command", "last_seen", "not_renewed_since", "not_renewed_reason", "checksums"}
}

func (s *server) player(vars map[string]string, deviations map[int][]replay.Deviation) *replay.Player {
	return &replay.Player{Handler: s, Vars: vars, Additive: additive(), Deviations: deviations, Token: func(user string) string { return s.tokens[user] },
		Idle: func(t *testing.T) { s.work(t) }}
}

func TestRecordedCredentials(t *testing.T) {
	eachStorage(t, func(t *testing.T, s *server) {
		s.box.refused = func(t connection.Target) error {
			var p struct{ Port int }
			if err := t.Params.Decode(&p); err != nil {
				return err
			}
			return fmt.Errorf("[Errno None] Unable to connect to port %d on %s", max(p.Port, 22), t.Addresses[0])
		}
		refused := object{"device": []string{"Device has no credentials assigned."}}
		const strategy, failed = connection.StrategyOpenWrt, "[Errno None] Unable to connect to port 22 on 127.0.0.9"
		r := s.player(s.recorded(t), map[int][]replay.Deviation{
			25: {instead("body.update_strategy", strategy, inferred)},
			28: {instead("body.results[0].update_strategy", strategy, inferred)},
			37: {instead("body.input", "********", secret)},
			46: {instead("status", 400, reachable), instead("body", refused, reachable)},
			47: {instead("status", 400, reachable), instead("body", refused, reachable)},
			51: {instead("body.results[0].output", failed, inferred), instead("body.results[1].output", failed, inferred), instead("body.results[2].output", failed, inferred)},
			55: {instead("body.results[0].update_strategy", strategy, inferred), instead("body.results[0].failure_reason", failed, inferred)},
		}).Play(t, replay.Load(t, "rest", "connection.credentials.json"))
		require.Zero(t, r.Different)
		t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
	})
}

// TestRecordedREST plays the recording whose connections fail with "timed out" by
// construction.
func TestRecordedREST(t *testing.T) {
	var raw json.RawMessage
	testkit.ReadVectors(t, &raw, "connection", "rest.json")
	text := regexp.MustCompile(`<id(\d+)>`).ReplaceAllString(string(raw), "{uuid$1}")
	text = strings.NewReplacer("<ts>", "{datetime}", "<org1>", "{org_alpha}", "<org2>", "{org_beta}", "<base>", "{base}").Replace(text)
	var in struct {
		Exchanges []struct {
			Name, As, Method, Path string
			JSON                   json.RawMessage
			Status                 int
			Response               json.RawMessage
			Defect                 json.RawMessage `json:"upstream_defect"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &in))
	users := map[string]string{"superuser": "admin", "operator of org1": "operator", "administrator of org1": "manager", "member of org1": "member", "anonymous": "none"}
	scenario, at := &replay.Scenario{Name: "connection/rest.json"}, map[string]int{}
	for i, x := range in.Exchanges {
		e := replay.Exchange{N: i + 1, Title: x.Name, Defect: x.Defect, Request: &replay.Request{Method: x.Method, Path: x.Path, As: users[x.As], Body: x.JSON},
			Response: replay.Response{Status: x.Status, Body: x.Response}}
		require.NotEmpty(t, e.Request.As, x.As)
		if x.JSON != nil {
			e.Request.ContentType = "application/json"
		}
		if x.Name == "cmd custom form" { // its body was not recorded
			e.Request.ContentType, e.Request.Body = "application/x-www-form-urlencoded", json.RawMessage(`{"form":{"type":"custom","input":"{\"command\": \"uptime\"}"}}`)
		}
		at[x.Name] = e.N
		scenario.Exchanges = append(scenario.Exchanges, e)
	}
	mismatch := "connection §6.2: two different passwords are refused, so that there is one command less"
	deviations := map[int][]replay.Deviation{
		at["cmd list"]:     {instead("body.count", 4, mismatch)},
		at["cmd list op"]:  {instead("body.count", 4, mismatch)},
		at["schema cmds2"]: {instead("body.change_password.message", "Your password must be at least 6 characters long", "additions, defect 14")},
	}
	eachStorage(t, func(t *testing.T, s *server) {
		s.box.refused = func(connection.Target) error { return errors.New("timed out") }
		vars := s.recorded(t)
		vars["uuid5"], vars["uuid7"] = s.device(t, "one", "alpha", "00:11:22:33:44:55", true), s.device(t, "two", "beta", "00:11:22:33:44:56", false)
		r := s.player(vars, deviations).Play(t, scenario)
		require.Zero(t, r.Different)
		t.Logf("%d played, %d equal, %d excepted, %d skipped", r.Played, r.Equal, r.Excepted, r.Skipped)
	})
}
