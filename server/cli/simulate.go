package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/simulate"
)

type simulateCommand struct {
	URL         string            `arg:"" help:"Address of the server, such as http://127.0.0.1:8080."`
	Secret      wispwright.Secret `required:"" env:"WISPWRIGHT_SIMULATE_SECRET" help:"Shared secret of the organization the devices register in." placeholder:"SECRET"`
	Devices     int               `default:"100" help:"Size of the fleet."`
	Interval    time.Duration     `default:"2m" help:"Pause between two polls of one device."`
	Duration    time.Duration     `help:"End after this time. Default: when interrupted."`
	Ramp        *time.Duration    `help:"Spread the registrations over this time; 0: all at once. Default: one interval."`
	Concurrency int               `default:"64" help:"Requests under way at most."`
	Prefix      string            `default:"sim" help:"Begins every device's name; two fleets need different ones."`
	Timeout     time.Duration     `default:"30s" help:"How long one request may take."`
	Once        bool              `help:"End when every device has applied its configuration; fail if one has not, at the latest after --duration (with --once 10 minutes by default)."`
	Quiet       bool              `help:"No progress line."`
	Monitoring  bool              `help:"The devices also send what they measure, each every --measure."`
	Measure     time.Duration     `default:"5m" help:"Pause between two documents of one device."`
	History     time.Duration     `help:"With --monitoring: each device begins with documents of so long ago, such as 168h."`
}

// Run simulates the fleet and prints what was measured.
func (s simulateCommand) Run(ctx context.Context, p *Program) error {
	o := simulate.Options{
		Secret: s.Secret, Devices: s.Devices, Interval: s.Interval, Duration: s.Duration,
		Concurrency: s.Concurrency, Prefix: s.Prefix, Once: s.Once,
	}
	if s.Ramp != nil {
		if o.Ramp = *s.Ramp; o.Ramp == 0 {
			o.Ramp = -1 // where 0 is "the default"
		}
	}
	if s.Once && s.Duration == 0 {
		o.Duration = 10 * time.Minute // a server that is away must not hold a script for ever
	}
	if !s.Quiet {
		o.Progress = p.Err
	}
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%w: %q is no address such as http://127.0.0.1:8080", server.ErrUsage, s.URL)
	}
	if s.Monitoring {
		client := simulate.NewClient(strings.TrimRight(s.URL, "/"), s.Concurrency, s.Timeout)
		o.Sender, o.Measure, o.History = &simulate.Sender{URL: client.BaseURL, HTTP: client.HTTP}, s.Measure, s.History
	}
	report, err := simulate.Run(ctx, simulate.NewClient(strings.TrimRight(s.URL, "/"), s.Concurrency, s.Timeout), o)
	if err != nil {
		return err
	}
	if _, err := report.WriteTo(p.Out); err != nil {
		return err
	}
	if s.Once && report.Applied() < report.Devices {
		return fmt.Errorf("%d of %d devices applied their configuration", report.Applied(), report.Devices)
	}
	return nil
}
