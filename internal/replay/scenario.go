// Package replay plays recorded HTTP exchanges against a handler and compares
// the answers: the proof that clients written for the recorded server find the
// same one here.
package replay

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// Scenario is one recording: ordered exchanges from a fresh database.
type Scenario struct {
	// Name of the recording.
	Name string `json:"scenario"`
	// Title says what it is about.
	Title string `json:"title"`
	// Exchanges in the order in which they happened.
	Exchanges []Exchange `json:"exchanges"`
}

// Exchange is one request with the recorded answer, or a fixture.
type Exchange struct {
	// N is its number; numbers may have gaps.
	N int `json:"n"`
	// Title names it where the recording does.
	Title string `json:"title"`
	// Note explains it.
	Note string `json:"note"`
	// Fixture describes something made outside the API.
	Fixture json.RawMessage `json:"fixture"`
	// Expected is what a fixture that sends a request itself got. It is handed to it
	// under the key "expected".
	Expected json.RawMessage `json:"expected"`
	// Request is what was sent; nil for a fixture.
	Request *Request `json:"request"`
	// Response is what was answered.
	Response Response `json:"response"`
	// Defect says what the answer should have been when the recorded one is a
	// known fault; it is not compared.
	Defect json.RawMessage `json:"upstream_defect"`
	// As is the user in the older format.
	As string `json:"as"`
}

// Request is the recorded request.
type Request struct {
	// Method and Path as sent; the path may hold placeholders.
	Method string `json:"method"`
	// Path with its query.
	Path string `json:"path"`
	// As is the user whose token is sent; "none", "anonymous" and "" send none.
	As string `json:"as"`
	// Authorization is a literal header instead.
	Authorization string `json:"authorization"`
	// ContentType of the body; without one there is no body.
	ContentType string `json:"content_type"`
	// Headers sent beside.
	Headers map[string]string `json:"headers"`
	// Multipart are the fields of a form where files are named without what is in
	// them.
	Multipart json.RawMessage `json:"multipart"`
	// Body is JSON, {"form": …}, {"multipart": …} or a raw string.
	Body json.RawMessage `json:"body"`
}

// Response is the recorded answer.
type Response struct {
	// Status is the HTTP status.
	Status int `json:"status"`
	// Headers that mean something.
	Headers map[string]string `json:"headers"`
	// Body is the JSON value, or the text.
	Body json.RawMessage `json:"body"`
	// JSON is the body in the older format.
	JSON json.RawMessage `json:"json"`
}

// Load reads a recording, and skips the test when it is not there.
func Load(t testing.TB, elem ...string) *Scenario {
	t.Helper()
	var raw json.RawMessage
	testkit.ReadVectors(t, &raw, elem...)
	s, err := parse(raw)
	require.NoError(t, err)
	return s
}

func parse(raw []byte) (*Scenario, error) {
	flat, err := parseFlat(raw)
	if flat != nil || err != nil {
		return flat, err
	}
	var s Scenario
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("reading the recording: %w", err)
	}
	s.settle()
	return &s, nil
}

// settle brings the older format into the shape of the newer one.
func (s *Scenario) settle() {
	for i := range s.Exchanges {
		e := &s.Exchanges[i]
		if e.N == 0 && e.Title != "" {
			e.N = i
		}
		if e.Request != nil && e.As != "" {
			e.Request.As = e.As
		}
		if e.Response.JSON != nil {
			e.Response.Body = e.Response.JSON
		}
	}
}
