package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// agentRun is a recorded run of the unmodified agent against a scripted
// controller.
type agentRun struct {
	Exchanges []struct {
		Endpoint string `json:"endpoint"`
		Request  struct {
			Line    string      `json:"line"`
			Headers [][2]string `json:"headers"`
			Body    string      `json:"body"`
		} `json:"request"`
		Response *struct {
			Status  *int        `json:"status"`
			Headers [][2]string `json:"headers"`
			Body    string      `json:"body"`
		} `json:"response"`
	} `json:"exchanges"`
}

var (
	recordedUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	recordedKey  = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	registered   = regexp.MustCompile(`^registration-result: success\nuuid: ([0-9a-f]{32})\nkey: ([0-9a-f]{32})\nhostname: \S+\nis-new: 1\n$`)
	formSecret   = regexp.MustCompile(`\bsecret=[^&]*`)
)

// TestRequestsOfTheUnmodifiedAgent sends the real server what the original agent sent
// in every recorded run, in its order, and expects the answers it got, up to ids,
// keys and checksums; what the controller of the recording did wrong on purpose is
// left out, as if the answer had been lost. After each request the device has the status that
// administrators expect.
func TestRequestsOfTheUnmodifiedAgent(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testkit.Vectors(t, "agent-config"), "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	played := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var run agentRun
		require.NoError(t, json.Unmarshal(raw, &run))
		if len(run.Exchanges) == 0 {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) { played += run.play(t, newSite(t, db)) })
		})
	}
	t.Logf("%d requests played", played)
	require.Greater(t, played, 150)
}

func (run *agentRun) play(t *testing.T, s *site) (played int) {
	const key = "0123456789abcdef0123456789abcdef"
	id, uuid, sum, status := s.template("first\n"), "", "", "modified"
	if run.Exchanges[0].Endpoint != "register" {
		uuid = s.api("POST", "/api/v1/controller/device/", map[string]any{
			"name": "02:FC:00:00:00:01", "organization": s.org, "mac_address": "02:FC:00:00:00:01", "key": key,
			"config": map[string]any{"backend": "netjsonconfig.OpenWrt", "templates": []string{id}, "context": map[string]any{}, "config": map[string]any{}},
		}, http.StatusCreated)["id"].(string)
	}
	recordedSum, deviceKey := "", key
	for i, e := range run.Exchanges {
		if e.Response == nil || e.Response.Status == nil || *e.Response.Status >= 400 || len(e.Response.Headers) < 2 || e.Response.Body == "d41d8cd98f00b204e9800998ecf8427e" {
			continue // a fault of the recorded controller
		}
		if e.Endpoint == "checksum" {
			if recordedSum != "" && e.Response.Body != recordedSum {
				// an administrator changed something
				s.api("PATCH", "/api/v1/controller/template/"+id+"/", map[string]any{"config": motd("second\n")}, http.StatusOK)
				idle(t, s.Server)
				status, sum = "modified", ""
			}
			recordedSum = e.Response.Body
		}
		line := strings.Fields(recordedUUID.ReplaceAllString(e.Request.Line, uuid))
		body := e.Request.Body
		if e.Endpoint == "register" {
			body = formSecret.ReplaceAllString(body, "secret=s3cr3tS3cr3t")
		} else {
			line[1] = recordedKey.ReplaceAllString(line[1], deviceKey)
			body = recordedKey.ReplaceAllString(body, deviceKey)
		}
		r, err := http.NewRequest(line[0], s.url+line[1], strings.NewReader(body))
		require.NoError(t, err)
		for _, h := range e.Request.Headers {
			if h[0] != "Host" && h[0] != "Content-Length" {
				r.Header.Set(h[0], h[1])
			}
		}
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		got, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		played++
		where := fmt.Sprintf("request %d, %s: %s", i, e.Endpoint, got)
		require.Equal(t, *e.Response.Status, answer.StatusCode, where)
		require.Equal(t, "true", answer.Header.Get("X-Openwisp-Controller"), where)
		switch e.Endpoint {
		case "register":
			// the recorded controller has its uuids with dashes; real ones send none
			told := registered.FindStringSubmatch(string(got))
			require.Len(t, told, 3, where)
			device, err := wispwright.ParseID(told[1])
			require.NoError(t, err)
			uuid, deviceKey = device.String(), told[2]
		case "checksum":
			require.Regexp(t, `^[0-9a-f]{32}$`, string(got))
			if sum != "" {
				require.Equal(t, sum, string(got), "it did not change")
			}
			sum = string(got)
		case "download":
			require.Equal(t, "application/octet-stream", answer.Header.Get("Content-Type"))
			require.NotEmpty(t, got)
		default:
			require.Equal(t, strings.TrimSpace(e.Response.Body), strings.TrimSpace(string(got)), where)
			if _, reported, ok := strings.Cut(string(got), "current-status: "); ok {
				status = strings.TrimSpace(reported)
			}
		}
		device := s.api("GET", "/api/v1/controller/device/"+uuid+"/", nil, http.StatusOK)
		require.Equal(t, status, device["config"].(map[string]any)["status"], where)
	}
	return played
}
