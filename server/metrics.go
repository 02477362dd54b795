package server

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/jobs"
)

// metrics is what /metrics shows; README lists the names.
type metrics struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	requests *prometheus.HistogramVec
	jobRuns  *prometheus.HistogramVec
	jobWaits *prometheus.HistogramVec
}

func newMetrics(db *sqlstore.DB, build string) *metrics {
	if build == "" {
		build = "unknown"
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "wispwright_http_requests_in_flight", Help: "Requests being answered now."}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wispwright_http_request_seconds", Help: "Time to answer a request, by area of the API, method and status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"area", "method", "status"}),
		jobRuns: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wispwright_job_seconds", Help: "Time of one run of a background job, by kind and outcome.",
			Buckets: []float64{.001, .01, .1, 1, 10, 60, 600},
		}, []string{"kind", "outcome"}),
		jobWaits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wispwright_job_wait_seconds", Help: "Time a background job waited for its run, by kind.",
			Buckets: []float64{.01, .1, 1, 10, 60, 600},
		}, []string{"kind"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "wispwright_build_info", Help: "The version of the program.", ConstLabels: prometheus.Labels{"version": build}})
	info.Set(1)
	m.registry.MustRegister(m.inFlight, m.requests, m.jobRuns, m.jobWaits, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(db.SQL(), string(db.Dialect())))
	return m
}

func (m *metrics) observeRequest(area, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other" // clients that invent methods must not fill the memory
	}
	m.requests.WithLabelValues(area, method, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) observeJob(kind string, waited, took time.Duration, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	m.jobRuns.WithLabelValues(kind, outcome).Observe(took.Seconds())
	m.jobWaits.WithLabelValues(kind).Observe(waited.Seconds())
}

// watchJobs shows how many jobs are in which state.
func (m *metrics) watchJobs(q *jobs.Queue) {
	m.registry.MustRegister(&jobStates{queue: q, desc: prometheus.NewDesc("wispwright_jobs", "Background jobs by state.", []string{"state"}, nil)})
}

// handler serves what was measured.
func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, Timeout: 10 * time.Second,
	})
}

// jobStates counts jobs when it is asked.
type jobStates struct {
	queue *jobs.Queue
	desc  *prometheus.Desc
}

// Describe is for prometheus.
func (c *jobStates) Describe(out chan<- *prometheus.Desc) { out <- c.desc }

// Collect is for prometheus.
func (c *jobStates) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	counts, err := c.queue.Counts(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(c.desc, err)
		return
	}
	for state, n := range counts {
		out <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(n), state)
	}
}

// areas maps the fixed beginning of every path of the API to its label, so
// that no client can invent labels.
func areas(api *rest.API, raw []rawPath) map[string]string {
	known := map[string]string{}
	for _, path := range api.Paths() {
		fixed, _, _ := strings.Cut(path, "{")
		known[fixed] = strings.Trim(fixed, "/")
	}
	for _, r := range raw {
		for _, area := range r.areas {
			known[area] = strings.Trim(area, "/")
		}
	}
	return known
}

// area is the label of a path.
func (f *front) area(path string) string {
	for end := len(path); end > 0; end = strings.LastIndexByte(path[:end-1], '/') + 1 {
		if area, ok := f.areas[path[:end]]; ok {
			return area
		}
	}
	if strings.HasPrefix(path, "/admin/") {
		return "admin"
	}
	return "other"
}
