package tracing_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/wispwright/wispwright/server/tracing"
)

// received is a collector within the test.
type received struct {
	*httptest.Server
	lock  sync.Mutex
	spans []*spans.Span
	key   string
	fail  bool
}

func newCollector(t *testing.T) *received {
	c := &received{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.lock.Lock()
		defer c.lock.Unlock()
		body, err := io.ReadAll(r.Body)
		var in collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &in) != nil || r.URL.Path != "/v1/traces" || c.fail {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.key = r.Header.Get("X-Key")
		for _, resource := range in.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func TestSpansReachTheCollector(t *testing.T) {
	c := newCollector(t)
	tr, err := tracing.New(t.Context(), tracing.Options{Endpoint: c.URL, Headers: map[string]string{"X-Key": "k"}, Sample: 1, Service: "s", Version: "v", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	r := httptest.NewRequest("GET", "/api/v1/controller/device/?secret=1", nil)
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	r.Header.Set("traceparent", "00-"+parent+"-00f067aa0ba902b7-01")
	ctx, span := tr.Request(r, "api/v1/controller/device", true)
	require.Equal(t, parent, tracing.Attributes(ctx)[0].Value.String())
	tracing.EndRequest(span, 500)
	// a stranger does not decide where a trace belongs
	ctx, span = tr.Request(r, "api/v1/controller/device", false)
	require.NotEqual(t, parent, tracing.Attributes(ctx)[0].Value.String())
	tracing.EndRequest(span, 200)
	tr.Job("mail.send", time.Second, 2*time.Second, errors.New("secret"))
	require.NoError(t, tr.Close(t.Context()))
	c.lock.Lock()
	defer c.lock.Unlock()
	require.Len(t, c.spans, 3)
	require.Equal(t, "k", c.key)
	require.Equal(t, "GET api/v1/controller/device", c.spans[0].Name)
	require.Equal(t, spans.Status_STATUS_CODE_ERROR, c.spans[0].Status.Code)
	require.NotContains(t, c.spans[0].String()+c.spans[2].String(), "secret")
	require.InDelta(t, 2e9, float64(c.spans[2].EndTimeUnixNano-c.spans[2].StartTimeUnixNano), 1e6)
}

func TestTracingThatIsOff(t *testing.T) {
	tr, err := tracing.New(t.Context(), tracing.Options{})
	require.NoError(t, err)
	require.False(t, tr.On())
	ctx, span := tr.Request(httptest.NewRequest("GET", "/", nil), "other", true)
	tracing.EndRequest(span, 200)
	require.Empty(t, tracing.Attributes(ctx))
	require.NoError(t, tr.Close(t.Context()))
	_, err = tracing.New(t.Context(), tracing.Options{Endpoint: "collector:4318"})
	require.Error(t, err)
}

// TestACollectorThatIsAway costs nothing but a line of the log.
func TestACollectorThatIsAway(t *testing.T) {
	c := newCollector(t)
	c.fail = true
	var lines sync.Map
	log := slog.New(handler{&lines})
	tr, err := tracing.New(t.Context(), tracing.Options{Endpoint: c.URL, Sample: 1, Log: log})
	require.NoError(t, err)
	_, span := tr.Request(httptest.NewRequest("GET", "/", nil), "other", false)
	tracing.EndRequest(span, 200)
	require.NoError(t, tr.Close(t.Context()))
	_, told := lines.Load("traces were not sent")
	require.True(t, told)
}

type handler struct{ lines *sync.Map }

func (handler) Enabled(context.Context, slog.Level) bool { return true }
func (h handler) Handle(_ context.Context, r slog.Record) error {
	h.lines.Store(r.Message, true)
	return nil
}
func (h handler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h handler) WithGroup(string) slog.Handler      { return h }
