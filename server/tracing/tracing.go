package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Options say where traces go.
type Options struct {
	// Endpoint is the collector's address, as http://HOST:4318; "/v1/traces" is added
	// where it has no path. Empty: nothing is traced.
	Endpoint string
	// Headers go with what is sent, such as a key of the collector.
	Headers map[string]string
	// Sample is the part of the traces that is kept, from 0 to 1; a request whose
	// caller decided is as that decided.
	Sample float64
	// Service and Version are what the program is called.
	Service, Version string
	// Log hears of what could not be sent. Default: slog.Default.
	Log *slog.Logger
}

// Tracing makes spans. The zero value makes none.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	remote   propagation.TraceContext
}

// New returns it. Nothing is sent before a span ended.
func New(ctx context.Context, o Options) (*Tracing, error) {
	t := &Tracing{tracer: noop.NewTracerProvider().Tracer("")}
	if o.Endpoint == "" {
		return t, nil
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("tracing: %q is not the address of a collector", o.Endpoint)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithHeaders(o.Headers), otlptracehttp.WithTimeout(10*time.Second))
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	t.provider = sdk.NewTracerProvider(
		sdk.WithBatcher(telling{exporter, o.Log}),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Sample))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", o.Service), attribute.String("service.version", o.Version))),
	)
	t.tracer = t.provider.Tracer("wispwright")
	return t, nil
}

// telling logs what could not be sent: the library has a global handler for that.
type telling struct {
	sdk.SpanExporter
	log *slog.Logger
}

// ExportSpans implements sdk.SpanExporter.
func (e telling) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.log.Warn("traces were not sent", "spans", len(spans), "error", err)
	}
	return nil
}

// On reports whether there is anything to trace for.
func (t *Tracing) On() bool { return t != nil && t.provider != nil }

// Request begins the span of a request. area names it; trusted says whether the trace
// that the caller names is gone on with.
func (t *Tracing) Request(r *http.Request, area string, trusted bool) (context.Context, trace.Span) {
	ctx := r.Context()
	if trusted {
		ctx = t.remote.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	return t.tracer.Start(ctx, r.Method+" "+area, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", r.Method), attribute.String("http.route", area)))
}

// EndRequest ends the span of a request.
func EndRequest(span trace.Span, status int) {
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, http.StatusText(status))
	}
	span.End()
}

// Job records the span of background work that is done.
func (t *Tracing) Job(kind string, waited, took time.Duration, err error) {
	end := time.Now()
	_, span := t.tracer.Start(context.Background(), "job "+kind, trace.WithTimestamp(end.Add(-took)), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attribute.String("job.kind", kind), attribute.Float64("job.waited_seconds", waited.Seconds())))
	if err != nil {
		span.SetStatus(codes.Error, "failed") // what failed is in the log: it may name what is secret
	}
	span.End(trace.WithTimestamp(end))
}

// Flush sends what was not sent yet.
func (t *Tracing) Flush(ctx context.Context) error {
	if !t.On() {
		return nil
	}
	return t.provider.ForceFlush(ctx)
}

// Close sends what was not sent yet, and ends.
func (t *Tracing) Close(ctx context.Context) error {
	if !t.On() {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Attributes are those that a log line about the context's span has.
func Attributes(ctx context.Context) []slog.Attr {
	s := trace.SpanContextFromContext(ctx)
	if !s.IsValid() {
		return nil
	}
	return []slog.Attr{slog.String("trace", s.TraceID().String()), slog.String("span", s.SpanID().String())}
}
