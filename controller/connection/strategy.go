package connection

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Strategy tells a device of a new configuration.
type Strategy struct {
	// ID is its value in the API and in storage.
	ID string
	// Label is its name for people.
	Label string
	// Update tells the device, which then fetches the configuration itself: the
	// status stays until its agent reports.
	Update func(ctx context.Context, s Session) error
}

// DefaultStrategies are those of OpenWISP.
func DefaultStrategies() []Strategy {
	return []Strategy{
		{ID: StrategyOpenWrt, Label: "OpenWRT SSH", Update: updateOpenWrt},
		{ID: StrategyOpenWisp1, Label: "OpenWISP 1.x SSH", Update: func(context.Context, Session) error { return nil }},
	}
}

// DefaultMapping is which strategy follows from the backend of a configuration.
func DefaultMapping() map[string]string {
	return map[string]string{"netjsonconfig.OpenWrt": StrategyOpenWrt, "netjsonconfig.OpenWisp": StrategyOpenWisp1}
}

// The command lines of updateOpenWrt. They need BusyBox only.
const (
	versionLine = "(openwisp-config --version || openwisp_config --version) 2>/dev/null"
	// signalLine makes the agent look for its configuration. The bracket keeps
	// the line from finding itself.
	signalLine   = `OW_CONFIG_PID=$(ps | grep 'openwisp[-_]config' | grep -v grep | awk '{print $1}'); kill -USR1 $OW_CONFIG_PID`
	applyingLine = "test -f /tmp/openwisp/applying_conf"
	restartLine  = "/etc/init.d/openwisp_config restart"
)

// updateOpenWrt makes the configuration agent of OpenWrt fetch its configuration
// (spec: connection §3.3): agents since 0.6.0a by a signal, older ones by a
// restart, unless they are at it.
func updateOpenWrt(ctx context.Context, s Session) error {
	text, err := Execute(ctx, s, versionLine)
	if err != nil {
		return fmt.Errorf("version of the agent: %w", err)
	}
	if !older(versionIn(text), "0.6.0a") {
		_, err := Execute(ctx, s, signalLine)
		return err
	}
	var out joined
	exit, err := s.Run(ctx, applyingLine, out.output())
	switch {
	case err != nil:
		return err
	case exit == 0:
		return nil // it is being applied already
	case exit != 1:
		return unexpected(&out, exit)
	}
	_, err = Execute(ctx, s, restartLine)
	return err
}

// Execute runs a command line that must succeed and returns what it wrote, at
// most 64 KiB of it. The error's text is what the command wrote to its standard
// error, else its output, else "Unexpected exit code: N".
func Execute(ctx context.Context, s Session, line string) (string, error) {
	var out joined
	exit, err := s.Run(ctx, line, out.output())
	if err != nil {
		return "", err
	}
	if exit != 0 {
		return "", unexpected(&out, exit)
	}
	return out.String(), nil
}

func unexpected(out *joined, exit int) error {
	for _, text := range []string{out.stderr.String(), out.String()} {
		if text = strings.TrimSpace(text); text != "" {
			return fmt.Errorf("%s", text)
		}
	}
	return fmt.Errorf("Unexpected exit code: %d", exit) //nolint:staticcheck // the original's words
}

// joined is the output of a short command.
type joined struct{ stdout, stderr capped }

func (j *joined) output() Output { return Output{&j.stdout, &j.stderr} }

// String joins both as the original does.
func (j *joined) String() string { return join(j.stdout.String(), j.stderr.String()) }

// join appends what was written to the standard error, on a line of its own
// (spec: connection §3.2).
func join(stdout, stderr string) string {
	if stderr == "" {
		return stdout
	}
	if !strings.HasSuffix(stdout, "\n") {
		stdout += "\n"
	}
	return stdout + stderr
}

// capped keeps the beginning of what is written to it.
type capped struct{ bytes.Buffer }

const mostCapped = 64 << 10

// Write keeps what there is room for and claims to have kept all.
func (c *capped) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), max(0, mostCapped-c.Len()))])
	return len(p), nil
}

// String drops what is no UTF-8.
func (c *capped) String() string { return strings.ToValidUTF8(c.Buffer.String(), "") }

// versionIn is the text after the last space: "openwisp_config 0.6.0a".
func versionIn(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, ' ')+1:]
}

// older compares two versions of the agent: "0.6.0a" comes before "0.6.0". What
// is no version is older than any.
func older(a, b string) bool {
	return slices.Compare(version(a), version(b)) < 0
}

// version makes numbers of a version: its release, then 0, or what comes before
// the release as a negative number.
func version(text string) []int {
	pattern := regexp.MustCompile(`^v?(\d+(?:\.\d+){0,3})(?:[-_.]?(a|alpha|b|beta|c|rc|pre|dev)[-_.]?(\d*))?`)
	parts := pattern.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if parts == nil {
		return nil
	}
	out := make([]int, 4, 6)
	for i, n := range strings.Split(parts[1], ".") {
		out[i], _ = strconv.Atoi(n) // digits; one too many for an int counts as the largest
	}
	stage := map[string]int{"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "c": -1, "rc": -1, "pre": -1}[parts[2]]
	serial, _ := strconv.Atoi(parts[3]) // none is 0
	return append(out, stage, serial)
}
