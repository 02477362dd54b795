package agent

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Level is the importance of a log line, by its syslog name.
type Level string

// The levels the agent uses (§7.4).
const (
	LevelInfo    Level = "info"
	LevelNotice  Level = "notice"
	LevelWarning Level = "warning"
	LevelErr     Level = "err"
	LevelCrit    Level = "crit"
)

// Line is one line of the log.
type Line struct {
	// Time is when it was written.
	Time time.Time
	// Level is its importance.
	Level Level
	// Message is its text, without a newline.
	Message string
	// Tag names the program; "" means openwisp.
	Tag string
}

// String is the form OpenWrt's logread prints:
// "Sun Nov 22 07:33:14 2026 daemon.crit openwisp: message".
func (l Line) String() string {
	return l.Time.Format(time.ANSIC) + " daemon." + string(l.Level) + " " + l.tag() + ": " + l.Message
}

func (l Line) tag() string {
	if l.Tag == "" {
		return "openwisp"
	}
	return l.Tag
}

// LogSink takes the lines of a log somewhere. It is called by one goroutine at
// a time.
type LogSink func(Line)

// Log writes the agent's log and remembers the lines of the update under way,
// which an error report carries (§4.6). It is safe for concurrent use.
type Log struct {
	// Tag names the program in each line; "" means openwisp. It is set before the
	// first line.
	Tag string

	clock Clock
	sink  LogSink

	mu    sync.Mutex
	since []Line
}

// maxRemembered bounds the lines kept; a report has room for about a dozen.
const maxRemembered = 256

// NewLog returns a log that writes to a sink; nil writes nowhere.
func NewLog(clock Clock, sink LogSink) *Log {
	if sink == nil {
		sink = func(Line) {}
	}
	return &Log{clock: clock, sink: sink}
}

func (l *Log) line(level Level, format string, args ...any) Line {
	message := strings.TrimRight(fmt.Sprintf(format, args...), "\n")
	return Line{Time: l.clock.Now(), Level: level, Message: strings.ReplaceAll(message, "\n", " "), Tag: l.Tag}
}

func (l *Log) write(level Level, format string, args ...any) {
	line := l.line(level, format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.since) < maxRemembered {
		l.since = append(l.since, line)
	}
	l.sink(line)
}

// detail writes a line that is not part of an error report, whose room is
// short and whose form is known to the controller.
func (l *Log) detail(format string, args ...any) {
	line := l.line(LevelInfo, format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink(line)
}

// Info writes one line of level info.
func (l *Log) Info(format string, args ...any) { l.write(LevelInfo, format, args...) }

// Notice writes one line of level notice.
func (l *Log) Notice(format string, args ...any) { l.write(LevelNotice, format, args...) }

// Warning writes one line of level warning.
func (l *Log) Warning(format string, args ...any) { l.write(LevelWarning, format, args...) }

// Err writes one line of level err.
func (l *Log) Err(format string, args ...any) { l.write(LevelErr, format, args...) }

// Crit writes one line of level crit.
func (l *Log) Crit(format string, args ...any) { l.write(LevelCrit, format, args...) }

// Mark forgets the lines so far; Since returns those that came after.
func (l *Log) Mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = nil
}

// Since returns the lines since Mark as an error report carries them: joined by
// newlines, at most 1024 bytes (§4.6).
func (l *Log) Since() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := make([]string, len(l.since))
	for i, line := range l.since {
		lines[i] = line.String()
	}
	return truncateReason(strings.Join(lines, "\n"))
}

// truncateReason cuts a reason to what the controller stores: 1024 with the
// mark at its end, in which backslash and n are two characters, as the original
// sends them.
func truncateReason(s string) string {
	const room, mark = 1011, `\n[truncated]`
	if len(s) <= room {
		return s
	}
	s = s[:room]
	for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	if r, size := utf8.DecodeLastRuneInString(s); r == utf8.RuneError && size == 1 {
		s = s[:len(s)-1]
	}
	return s + mark
}

// WriterSink writes lines to w, each with its time, level and tag.
func WriterSink(w io.Writer) LogSink {
	return func(l Line) {
		fmt.Fprintln(w, l) //nolint:errcheck // a log has nowhere to report that it cannot be written
	}
}

// SyslogSink writes to the system's log with the lines' tag and facility daemon
// (§7.4). It fails where there is no syslog.
func SyslogSink() (LogSink, error) {
	w, err := dialSyslog("/dev/log", "/var/run/syslog", "/var/run/log")
	if err != nil {
		return nil, fmt.Errorf("syslog: %w", err)
	}
	return w.write, nil
}

// syslogWriter speaks the protocol of the local socket. The standard library's
// adds the process's number to the tag, which the lines of the original do not
// have and what reads them does not expect.
type syslogWriter struct {
	places []string
	conn   net.Conn
}

func dialSyslog(places ...string) (*syslogWriter, error) {
	w := &syslogWriter{places: places}
	return w, w.dial()
}

func (w *syslogWriter) dial() error {
	var errs []error
	for _, place := range w.places {
		for _, network := range []string{"unixgram", "unix"} {
			conn, err := net.Dial(network, place)
			if err == nil {
				w.conn = conn
				return nil
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// severities by syslog's numbers.
func severity(l Level) int {
	switch l {
	case LevelCrit:
		return 2
	case LevelErr:
		return 3
	case LevelWarning:
		return 4
	case LevelNotice:
		return 5
	}
	return 6
}

// write sends one line; a log daemon that was started anew is dialled again.
func (w *syslogWriter) write(l Line) {
	const daemon = 3 << 3
	line := fmt.Appendf(nil, "<%d>%s %s: %s\n", daemon|severity(l.Level), l.Time.Format(time.Stamp), l.tag(), l.Message)
	for range 2 {
		if w.conn != nil {
			if _, err := w.conn.Write(line); err == nil {
				return
			}
			_ = w.conn.Close() // it is of no use any more
			w.conn = nil
		}
		if w.dial() != nil {
			return // a log has nowhere to report that it cannot be written
		}
	}
}
