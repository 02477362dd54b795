package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/hashicorp/yamux"
)

// serve does what one stream asks for.
func (c *Client) serve(ctx context.Context, stream *yamux.Stream) {
	defer stream.Close() //nolint:errcheck // the other end is gone then
	out := &frames{w: stream}
	e, err := c.do(ctx, stream, out)
	if err != nil {
		e.Error = err.Error()
		if e.Exit == 0 {
			e.Exit = -1
		}
	}
	out.end(e) //nolint:errcheck // nobody is left to be told
}

func (c *Client) do(ctx context.Context, stream *yamux.Stream, out *frames) (end, error) {
	stream.SetReadDeadline(time.Now().Add(opening)) //nolint:errcheck // a stream takes any
	kind, text, err := readFrame(stream)
	if err != nil {
		return end{}, err
	}
	stream.SetReadDeadline(time.Time{}) //nolint:errcheck // a stream takes any
	var r request
	if kind != frameRequest {
		return end{}, errors.New("a request is expected first")
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return end{}, fmt.Errorf("the request cannot be read: %w", err)
	}
	switch r.Do {
	case "describe":
		return end{Text: c.Device.Describe()}, nil
	case "wake":
		c.Device.Wake()
		return end{}, nil
	case "run":
		return c.run(ctx, stream, out, r.Line)
	case "upload":
		return end{}, c.upload(stream, &r)
	case "fetch":
		return end{}, c.fetch(ctx, stream, &r)
	case "terminal":
		return c.terminal(ctx, stream, out, &r)
	}
	return end{}, fmt.Errorf("this agent cannot do %q", r.Do)
}

// run runs a command line, which is ended with all it started when the stream is.
func (c *Client) run(ctx context.Context, stream io.Reader, out *frames, line string) (end, error) {
	cmd := c.Device.Command("/bin/sh", "-c", line)
	cmd.Stdout, cmd.Stderr = output{out, frameOutput}, output{out, frameError}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return end{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, stream) // nothing is expected: it is over
		cancel()
	}()
	stop := context.AfterFunc(ctx, func() { kill(cmd) })
	err := cmd.Wait()
	stop()
	return status(cmd, err)
}

// kill ends a command with all it started, as long as that stays with it.
func kill(cmd *exec.Cmd) {
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // it may have ended by itself
}

// status is how a command ended.
func status(cmd *exec.Cmd, err error) (end, error) {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && !exit.Exited():
		return end{Exit: 128}, nil
	case errors.As(err, &exit):
		return end{Exit: exit.ExitCode()}, nil
	case errors.Is(err, exec.ErrWaitDelay): // it ended well, and left something behind that prints
		return end{Exit: cmd.ProcessState.ExitCode()}, nil
	}
	return end{}, err
}

// upload writes a file, whole or not at all.
func (c *Client) upload(stream io.Reader, r *request) error {
	if r.Size < 0 {
		return errors.New("the size is negative")
	}
	name, err := c.Device.Path(r.Path)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".channel-*")
	if err != nil {
		return pathless(err)
	}
	err = receive(temp, stream, r.Size)
	if err == nil {
		err = temp.Chmod(fs.FileMode(r.Mode) & fs.ModePerm)
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return errors.Join(pathless(err), pathless(os.Remove(temp.Name())))
	}
	return nil
}

// receive writes what comes in frames, exactly so many bytes.
func receive(w io.Writer, stream io.Reader, size int64) error {
	for size > 0 {
		kind, part, err := readFrame(stream)
		switch {
		case err != nil:
			return fmt.Errorf("the file was cut off: %w", err)
		case kind != frameInput || int64(len(part)) > size:
			return errors.New("more or something else came than was announced")
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
		size -= int64(len(part))
	}
	return nil
}

// pathless takes the names of the machine's files out of an error.
func pathless(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// terminal runs a shell in a terminal of its own.
func (c *Client) terminal(ctx context.Context, stream *yamux.Stream, out *frames, r *request) (end, error) {
	cmd := c.Device.Command("/bin/sh", "-l")
	term := r.Term
	if term == "" {
		term = "xterm"
	}
	cmd.Env = append(cmd.Env, "TERM="+term)
	cmd.WaitDelay = time.Second
	file, err := pty.StartWithSize(cmd, size(r.window))
	if err != nil {
		return end{}, err
	}
	defer file.Close() //nolint:errcheck // a terminal loses nothing
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { kill(cmd) }) // pty makes it the leader of its group
	defer stop()
	go func() {
		defer cancel()
		typed(file, stream)
	}()
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		_, _ = io.Copy(output{out, frameOutput}, file) // ends with an error of the kernel when the shell does
	}()
	err = cmd.Wait()
	select {
	case <-shown:
	case <-time.After(time.Second): // something it left behind holds the terminal
	}
	return status(cmd, err)
}

func size(w window) *pty.Winsize {
	if w.Cols == 0 || w.Rows == 0 {
		w = window{80, 24}
	}
	return &pty.Winsize{Cols: w.Cols, Rows: w.Rows}
}

// typed hands on what is typed until the stream ends.
func typed(file *os.File, stream io.Reader) {
	for {
		kind, part, err := readFrame(stream)
		if err != nil {
			return
		}
		switch kind {
		case frameInput:
			if _, err := file.Write(part); err != nil {
				return
			}
		case frameSize:
			var w window
			if json.Unmarshal(part, &w) == nil && w.Cols > 0 && w.Rows > 0 {
				pty.Setsize(file, size(w)) //nolint:errcheck // the shell may have ended
			}
		}
	}
}
