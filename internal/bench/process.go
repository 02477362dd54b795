package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	token       = "be0c4be0c4be0c4be0c4be0c4be0c4be0c4be0c4"
	secret      = "bench-shared-secret"
	secretScale = "scale-shared-secret"
)

// process is a server under measurement.
type process struct {
	cmd     *exec.Cmd
	program string
	address string
	env     []string
	log     *os.File
	ended   chan error
	ready   time.Duration // from start to the first good answer of /readyz
}

// prepare makes an empty installation.
func prepare(program, dir, database string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p := &process{program: program, address: address, env: append(os.Environ(),
		"WISPWRIGHT_DATA="+filepath.Join(dir, "data"), "WISPWRIGHT_HTTP_LISTEN="+address, "WISPWRIGHT_DATABASE="+database,
		"WISPWRIGHT_TENANCY_TOKEN_RATE=none", "WISPWRIGHT_LOG_LEVEL=warn")}
	if p.log, err = os.Create(filepath.Join(dir, "server.log")); err != nil {
		return nil, err
	}
	return p, nil
}

// load makes two organizations, whose shared secrets are known, and one
// administrator, whose token is known; the server may run or not.
func (p *process) load() error {
	data := fmt.Sprintf(`{"organizations":[{"name":"bench","slug":"bench","shared_secret":%q,"registration_enabled":true},
		{"name":"scale","slug":"scale","shared_secret":%q,"registration_enabled":true}],
		"users":[{"username":"bench","token":%q,"is_superuser":true,"is_staff":true}]}`, secret, secretScale, token)
	cmd := exec.Command(p.program, "loaddata", "-")
	cmd.Env, cmd.Stdin = p.env, strings.NewReader(data)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("loaddata: %w: %s", err, out)
	}
	return nil
}

// start runs the server and waits until it is ready.
func (p *process) start() error {
	p.cmd = exec.Command(p.program, "serve")
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.env, p.log, p.log
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	p.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan<- error) { ended <- cmd.Wait() }(p.cmd, p.ended)
	for time.Since(begun) < 30*time.Second {
		r, err := http.Get("http://" + p.address + "/readyz")
		if err == nil {
			if err := r.Body.Close(); err != nil {
				return err
			}
			if r.StatusCode == http.StatusOK {
				p.ready = time.Since(begun)
				return nil
			}
		}
		select {
		case err := <-p.ended:
			p.cmd = nil
			return fmt.Errorf("the server ended at once: %w", err)
		case <-time.After(2 * time.Millisecond):
		}
	}
	return errors.Join(fmt.Errorf("the server was not ready after 30 s, see %s", p.log.Name()), p.stop())
}

func (p *process) stop() error {
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	select {
	case err := <-p.ended:
		p.cmd = nil
		if err != nil {
			return fmt.Errorf("the server ended: %w", err)
		}
		return nil
	case <-time.After(40 * time.Second):
		return errors.Join(errors.New("the server did not stop"), p.cmd.Process.Kill())
	}
}

// memory returns the resident memory now and at its highest, in MiB.
func (p *process) memory() (now, peak float64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kib, err := strconv.ParseFloat(f[1], 64)
		switch {
		case err != nil:
		case f[0] == "VmRSS:":
			now = kib / 1024
		case f[0] == "VmHWM:":
			peak = kib / 1024
		}
	}
	return now, peak, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// bare is what everything is compared with: a handler that answers the same
// 32 bytes, in a process of its own.
func bare(ctx context.Context, address string) error {
	answer := []byte("372b354fea010d5a556275e606891c19")
	s := &http.Server{Addr: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"text/plain"}
		w.Header()["Content-Length"] = []string{"32"}
		_, _ = w.Write(answer) // the client went away: nobody is left to be told
	})}
	context.AfterFunc(ctx, func() { _ = s.Close() }) // the end of the program
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
