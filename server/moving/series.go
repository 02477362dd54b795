package moving

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

const (
	// seriesBatch is how many points are stored at once.
	seriesBatch = 2000
	// longestLine bounds a line, in bytes: documents of devices are lines.
	longestLine = 8 << 20
)

// takeSeries stores what was measured.
func takeSeries(ctx context.Context, run *Run, m *monitoring.Monitoring) (err error) {
	if run.Series() == "" {
		run.Notice("no file of measurements was given: charts begin anew")
		return nil
	}
	file, err := os.Open(run.Series())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	s := &series{store: func(b timeseries.Batch) error {
		if run.i.options.DryRun {
			return nil
		}
		return m.RestoreSeries(ctx, b)
	}}
	if err := s.read(ctx, file); err != nil {
		return fmt.Errorf("%s: %w", run.Series(), err)
	}
	run.Notice("%d points and %d documents of devices were read; those that were there are as they were", s.points, s.documents)
	if s.refused > 0 {
		run.Notice("%d lines of measurements could not be read or stored, the first: %s", s.refused, s.first)
	}
	return nil
}

// series reads a file in InfluxDB's line protocol, as influx_inspect exports it.
type series struct {
	store     func(timeseries.Batch) error
	batch     timeseries.Batch
	short     bool
	points    int
	documents int
	refused   int
	first     string
}

func (s *series) read(ctx context.Context, file io.Reader) error {
	in := bufio.NewReader(file)
	if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		in = bufio.NewReader(z)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		if err := s.line(lines.Bytes()); err != nil {
			s.refuse(fmt.Errorf("line %d: %w", n, err))
		}
		if len(s.batch.Points)+len(s.batch.Documents) >= seriesBatch {
			if err := s.flush(); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return s.flush()
}

func (s *series) refuse(err error) {
	if s.refused++; s.refused == 1 {
		s.first = err.Error()
	}
}

func (s *series) flush() error {
	b := s.batch
	s.batch = timeseries.Batch{}
	if len(b.Points)+len(b.Documents) == 0 {
		return nil
	}
	err := s.store(b)
	var some timeseries.PointErrors
	if errors.As(err, &some) {
		for i := range some {
			s.refuse(&some[i])
		}
		s.points -= len(some)
		return nil
	}
	return err
}

// line takes one line: a point, or a comment that tells which policy of retention
// follows. Statements that make databases and policies are skipped.
func (s *series) line(line []byte) error {
	line = bytes.TrimSpace(line)
	if policy, ok := bytes.CutPrefix(line, []byte("# CONTEXT-RETENTION-POLICY:")); ok {
		s.short = strings.TrimSpace(string(policy)) == "short"
		return nil
	}
	if len(line) == 0 || line[0] == '#' || bytes.HasPrefix(line, []byte("CREATE ")) {
		return nil
	}
	p, err := parseLine(string(line))
	if err != nil {
		return err
	}
	if p.Measurement == "device_data" {
		for _, f := range p.Fields {
			if f.Name == "data" {
				s.documents++
				object := timeseries.Object{Type: monitoring.DeviceType, ID: p.Tags.Get("pk")}
				s.batch.Documents = append(s.batch.Documents, timeseries.Document{Object: object, Time: p.Time, Body: []byte(f.Value.Text())})
			}
		}
		return nil
	}
	if s.short {
		p.Class = timeseries.Short
	}
	if err := p.Check(); err != nil {
		return err
	}
	s.points++
	s.batch.Points = append(s.batch.Points, p)
	return nil
}

var errLine = errors.New("is no point in line protocol")

// parseLine reads "measurement,tag=value field=1i,other="text" nanoseconds".
func parseLine(line string) (p timeseries.Point, err error) {
	head, rest, ok := cutPlain(line, ' ', false)
	if !ok {
		return p, errLine
	}
	body, stamp, ok := cutPlain(rest, ' ', true)
	if !ok {
		return p, errLine
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(stamp), 10, 64)
	if err != nil {
		return p, errLine
	}
	p.Time = time.Unix(0, ns).UTC()
	name, tags, _ := cutPlain(head, ',', false)
	p.Measurement = unescape(name)
	all := map[string]string{}
	for tags != "" {
		var one string
		one, tags, _ = cutPlain(tags, ',', false)
		key, value, ok := cutPlain(one, '=', false)
		if !ok {
			return p, errLine
		}
		all[unescape(key)] = unescape(value)
	}
	p.Tags = timeseries.TagsOf(all)
	for body != "" {
		var one string
		one, body, _ = cutPlain(body, ',', true)
		key, text, ok := cutPlain(one, '=', false)
		if !ok {
			return p, errLine
		}
		value, err := parseValue(text)
		if err != nil {
			return p, err
		}
		p.Fields = append(p.Fields, timeseries.Field{Name: unescape(key), Value: value})
	}
	return p, nil
}

// cutPlain cuts at the first separator that is neither escaped nor, where texts may
// be, within quotes.
func cutPlain(s string, sep byte, texts bool) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"' && texts:
			quoted = !quoted
		case c == sep && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// unescape is for names and tags, in which commas, spaces and equal signs are escaped.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\,`, ",", `\ `, " ", `\=`, "=").Replace(s)
}

func parseValue(s string) (timeseries.Value, error) {
	switch {
	case len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"':
		return timeseries.Text(strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s[1 : len(s)-1])), nil
	case s == "t" || s == "T" || s == "true" || s == "True" || s == "TRUE":
		return timeseries.Bool(true), nil
	case s == "f" || s == "F" || s == "false" || s == "False" || s == "FALSE":
		return timeseries.Bool(false), nil
	case strings.HasSuffix(s, "i"):
		n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
		if err != nil {
			return timeseries.Value{}, errLine
		}
		return timeseries.Int(n), nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return timeseries.Value{}, errLine
	}
	return timeseries.Float(n), nil
}
