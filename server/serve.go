package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/wispwright/wispwright/controller/controllerhttp"
)

// Serve listens as configured until the context ends. Then the node says that
// it is not ready, finishes the requests and the jobs under way, and returns.
func (s *Server) Serve(ctx context.Context) error {
	l, err := s.Listen(ctx)
	if err != nil {
		return err
	}
	return s.ServeOn(ctx, l)
}

// Listen opens the configured address, with TLS if there is a certificate.
func (s *Server) Listen(ctx context.Context) (net.Listener, error) {
	c := s.config.HTTP
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	secure, err := s.secure(l)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return secure, nil
}

// ServeOn is Serve on a listener, which it closes.
func (s *Server) ServeOn(ctx context.Context, l net.Listener) error {
	c := s.config.HTTP
	leaving := new(atomic.Bool)
	h := &http.Server{
		Handler: controllerhttp.WithoutInterim(lastAnswers(leaving, s)), ReadHeaderTimeout: c.HeaderTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout, IdleTimeout: c.IdleTimeout,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	release, err := s.lock()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := s.Start(ctx); err != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(c.ShutdownTimeout, time.Second))
		defer cancel()
		return errors.Join(err, l.Close(), s.Stop(last), release())
	}
	unredirect, err := s.serveRedirect(ctx, l.Addr())
	if err != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(c.ShutdownTimeout, time.Second))
		defer cancel()
		return errors.Join(err, l.Close(), s.Stop(last), release())
	}
	s.ready.Store(true)
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	if s.acme != nil {
		if err := s.acme.Manage(s.lifetime); err != nil {
			s.log.Error("no certificates are got", "error", err)
		}
	}
	select {
	case err = <-ended:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	leaving.Store(true)
	s.ready.Store(false)
	s.hub.Close() // pages go to another node at once
	if c.ShutdownDelay > 0 && err == nil {
		// what sends requests here learns of it before connections are refused
		select {
		case serr := <-ended:
			err = fmt.Errorf("serve: %w", serr)
		case <-time.After(c.ShutdownDelay):
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(c.ShutdownTimeout, time.Second))
	defer cancel()
	if serr := h.Shutdown(last); serr != nil {
		err = errors.Join(err, fmt.Errorf("requests were cut off: %w", serr), h.Close())
	}
	return errors.Join(err, unredirect(last), s.Stop(last), release())
}

// lastAnswers ends connections with an answer once the node is leaving. To close
// those that wait for a request (SetKeepAlivesEnabled) would meet requests that are
// on their way already, and what sends them must not repeat a POST.
func lastAnswers(leaving *atomic.Bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
