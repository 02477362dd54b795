package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/wispwright/wispwright/server/shadow"
)

type shadowCommand struct {
	Old    string   `required:"" placeholder:"URL" help:"The server that answers, such as https://openwisp.example.org."`
	New    string   `required:"" placeholder:"URL" help:"The server that is compared with it."`
	Listen string   `default:"127.0.0.1:8081" placeholder:"ADDRESS" help:"Where requests come in. Default: ${default}."`
	Report string   `placeholder:"FILE" help:"A line of JSON for each difference is added here."`
	Writes bool     `help:"Also mirror requests that change something, but for registrations."`
	Ignore []string `placeholder:"NAME,…" help:"Members of JSON objects that may differ."`
}

// Run mirrors requests until it is interrupted, and prints what was compared.
func (c shadowCommand) Run(ctx context.Context, p *Session) (err error) {
	oldServer, err := url.Parse(c.Old)
	if err != nil {
		return fmt.Errorf("%w: --old: %w", ErrUsage, err)
	}
	newServer, err := url.Parse(c.New)
	if err != nil {
		return fmt.Errorf("%w: --new: %w", ErrUsage, err)
	}
	options := &shadow.Options{Writes: c.Writes, Ignore: c.Ignore}
	if c.Report != "" {
		file, err := os.OpenFile(c.Report, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open the report: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		options.Report = file
	}
	proxy, err := shadow.New(oldServer, newServer, options)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if _, err := fmt.Fprintf(p.Err, "comparing at http://%s\n", l.Addr()); err != nil {
		return err
	}
	front := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- front.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	err = front.Shutdown(patience)
	proxy.Wait()
	_, werr := proxy.Summary().WriteTo(p.Out)
	return errors.Join(err, werr)
}
