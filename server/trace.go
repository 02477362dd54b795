package server

import (
	"context"
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/tracing"
)

// traceConfig is where traces of requests and jobs are sent.
type traceConfig struct {
	// Endpoint is the collector.
	Endpoint string `koanf:"endpoint" doc:"Collector of OpenTelemetry that traces of requests and jobs are sent to (OTLP over HTTP), as http://HOST:4318. Empty: none."`
	// Key goes with what is sent.
	Key wispwright.Secret `koanf:"key" doc:"Sent to the collector as Authorization: Bearer KEY."`
	// Sample is the part that is kept.
	Sample float64 `koanf:"sample" doc:"Which part of the traces is kept, from 0 to 1; a trusted proxy decides for its own requests."`
	// Service is what the program is called there.
	Service string `koanf:"service" doc:"What this program is called in traces."`
}

func (c *traceConfig) check(e *wispwright.ValidationError) {
	if u, err := url.Parse(c.Endpoint); c.Endpoint != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		e.Add("trace.endpoint", "must be an address, as http://HOST:4318.")
	}
	if c.Sample < 0 || c.Sample > 1 {
		e.Add("trace.sample", "must be from 0 to 1.")
	}
}

func (s *Server) openTracing(ctx context.Context) (err error) {
	c := s.config.Trace
	o := tracing.Options{Endpoint: c.Endpoint, Sample: c.Sample, Service: c.Service, Version: s.build, Log: s.log}
	if c.Key != "" {
		o.Headers = map[string]string{"Authorization": "Bearer " + c.Key.Reveal()}
	}
	s.tracing, err = tracing.New(ctx, o)
	return err
}

// observeJob counts a job that ran, and traces it.
func (s *Server) observeJob(kind string, waited, took time.Duration, err error) {
	s.metrics.observeJob(kind, waited, took, err)
	s.tracing.Job(kind, waited, took, err)
}
