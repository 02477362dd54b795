package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/snmp"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/check/iperf"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// reachingTypes completes the settings of the types of checks by what needs a connection, and returns
// those that are rooms of their own.
func (c *MonitoringConcern) reachingTypes(s *check.Settings, locks iperf.Locks) ([]check.Type, error) {
	s.Clients = c.countClients
	zone, err := time.LoadLocation(c.Config.TimeZone)
	if err != nil {
		return nil, err
	}
	if s.WiFiSnooze, err = check.ParseSchedule(c.Config.WiFiSnooze, zone); err != nil {
		return nil, err
	}
	if c.Connection == nil {
		return nil, nil
	}
	s.ReadSNMP = c.readSNMP
	if s.Refuse, err = c.Connection.Config.refuse(); err != nil { // where a device may be is said once
		return nil, err
	}
	hours, err := c.Config.iperfHours()
	if err != nil {
		return nil, err
	}
	organizations, err := c.Config.iperfOrganizations()
	if err != nil {
		return nil, err
	}
	return []check.Type{iperf.Type(iperf.Settings{Auto: c.Config.AutoIperf3, Every: c.Config.CheckEvery, Open: c.openShell, Locks: locks, Organizations: organizations, LockExpire: c.Config.Iperf3LockExpire,
		DeleteKey: c.Config.Iperf3DeleteKey, From: hours[0], To: hours[1], Zone: zone, Log: c.log})}, nil
}

// countClients counts the different WiFi clients that a device told of since a time.
func (c *MonitoringConcern) countClients(ctx context.Context, device wispwright.ID, since time.Time) (int, error) {
	results, err := c.Monitoring.Series().Charts(ctx, []timeseries.Query{{Measurement: "wifi_clients", Filter: timeseries.Filter{Object: &timeseries.Object{Type: monitoring.DeviceType, ID: device.String()}},
		Range: timeseries.Range{Start: since, End: time.Now()}, Traces: []timeseries.Trace{{Name: "clients", Field: "clients", Func: timeseries.Distinct}}}})
	if err != nil {
		return 0, fmt.Errorf("count WiFi clients: %w", err)
	}
	if results[0].Empty() {
		return 0, nil
	}
	return int(results[0].Series[0].Summary.Int()), nil
}

// readSNMP reads a device over the first of its connections of SNMP that works.
func (c *MonitoringConcern) readSNMP(ctx context.Context, device wispwright.ID) (wispwright.JSON, error) {
	yes := true
	found, err := c.Connection.Connections.List(ctx, everyone(), connection.DeviceConnectionFilter{DeviceID: device, Enabled: &yes, Connectors: wispwright.Only(connection.ConnectorOpenWrtSNMP, connection.ConnectorAirOSSNMP)}, unpaged)
	if err != nil {
		return "", err
	}
	if len(found.Rows) == 0 {
		return "", errors.New("the device has no enabled connection over SNMP")
	}
	var failed error
	for _, one := range found.Rows {
		session, err := c.Connection.Connections.Open(ctx, one)
		if err != nil {
			failed = err
			continue
		}
		document, err := snmp.Read(ctx, session)
		return document, errors.Join(err, session.Close())
	}
	return "", failed
}

// openShell reaches a device that runs commands.
func (c *MonitoringConcern) openShell(ctx context.Context, device wispwright.ID) (iperf.Shell, error) {
	_, session, err := c.Connection.Connections.Working(ctx, device)
	if err != nil {
		return nil, err
	}
	return shell{session}, nil
}

// shell is a session as iperf3 is measured through.
type shell struct{ connection.Session }

// mostOutput is how much of what a command writes is kept: the JSON of iperf3 over half an hour is below it.
const mostOutput = 4 << 20

// Run implements iperf.Shell.
func (s shell) Run(ctx context.Context, line string) (int, []byte, error) {
	out := &bounded{most: mostOutput}
	exit, err := s.Session.Run(ctx, line, connection.Output{Stdout: out, Stderr: &bounded{}})
	return exit, out.Bytes(), err
}

// bounded keeps the first bytes.
type bounded struct {
	bytes.Buffer
	most int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if room := b.most - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
