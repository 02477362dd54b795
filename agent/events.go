package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"
)

// Events of the agent's life (§7.2).
const (
	EventPostRegistration   = "post-registration"
	EventRegistrationFailed = "registration-failed"
	EventBootup             = "bootup"
	EventRestart            = "restart"
	EventPreReload          = "pre-reload"
	EventPostReload         = "post-reload"
	EventConfigApplied      = "config-applied"
	EventConfigRestored     = "config-restored"
	EventEndOfCycle         = "end-of-cycle"
)

// EventSink is told what happens, synchronously.
type EventSink interface {
	// Event handles one event. An error is logged and changes nothing else.
	Event(ctx context.Context, action string) error
}

// NoEvents ignores every event.
type NoEvents struct{}

// Event does nothing.
func (NoEvents) Event(context.Context, string) error { return nil }

// Hotplug runs the scripts of /etc/hotplug.d/openwisp, as OpenWrt does (§7.2).
type Hotplug struct {
	// Tree is the device's file system. Required.
	Tree *Tree
	// Timeout ends a script that hangs; default 5 minutes.
	Timeout time.Duration
}

const (
	hotplugDir  = "/etc/hotplug.d/openwisp"
	hotplugCall = "/sbin/hotplug-call"
)

// Event runs the scripts with the event in $ACTION and nothing else of the
// agent's environment.
func (h Hotplug) Event(ctx context.Context, action string) error {
	r := runner{tree: h.Tree, timeout: h.Timeout}
	env := []string{"ACTION=" + action}
	if h.Tree.Real() && h.Tree.executable(hotplugCall) {
		err := r.run(ctx, env, hotplugCall, "openwisp")
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Exited() {
			return nil // the last script's exit code
		}
		return err
	}
	names, err := h.Tree.list(hotplugDir)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		script, err := h.Tree.Path(path.Join(hotplugDir, name))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		// hotplug-call reads scripts into a shell: they need not be executable, and
		// their exit codes mean nothing: the usual "[ … ] && …" ends with 1
		err = r.command(ctx, slices.Concat(env, []string{"HOTPLUG_TYPE=openwisp"}), nil, "/bin/sh", script)
		var exit *exec.ExitError
		if err != nil && !(errors.As(err, &exit) && exit.Exited()) {
			errs = append(errs, fmt.Errorf("hotplug script %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// scriptTimeout ends a script that hangs.
const scriptTimeout = 5 * time.Minute

// runner runs programs of the device.
type runner struct {
	tree    *Tree
	timeout time.Duration
}

// run runs a program that is in the tree.
func (r runner) run(ctx context.Context, env []string, program string, args ...string) error {
	file, err := r.tree.Path(program)
	if err != nil {
		return err
	}
	return r.command(ctx, env, nil, file, args...)
}

// output runs a program and returns what it printed.
func (r runner) output(ctx context.Context, program string) (string, error) {
	file, err := r.tree.Path(program)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = r.command(ctx, nil, &limitedWriter{w: &out, left: maxAnswer}, file)
	return strings.TrimSpace(out.String()), err
}

func (r runner) command(ctx context.Context, env []string, out io.Writer, file string, args ...string) error {
	return execute(ctx, r.timeout, func(cmd *exec.Cmd) {
		cmd.Dir = r.tree.dir
		cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, env...)
		if !r.tree.Real() {
			// a sandbox's scripts find their files below it
			cmd.Env = append(cmd.Env, "ROOT="+r.tree.dir)
		}
		cmd.Stdout = out
	}, file, args...)
}

// execute runs a program to its end, at most for a time. A program it leaves
// behind, as scripts that start services do, is not waited for; where adjust
// gives the program no output to write to, what is left may go on printing.
func execute(ctx context.Context, timeout time.Duration, adjust func(*exec.Cmd), name string, args ...string) error {
	if timeout <= 0 {
		timeout = scriptTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	if adjust != nil {
		adjust(cmd)
	}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("ended after %s: %w", timeout, ctx.Err())
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it ended well, and somebody still holds what it printed to
	}
	return err
}

// limitedWriter keeps the beginning of what a program prints.
type limitedWriter struct {
	w    *strings.Builder
	left int
}

// Write keeps what there is room for.
func (l *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.w.Write(p[:n])
	l.left -= n
	return len(p), nil
}

// exitCode is a program's exit code, or -1 when it could not be run.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
