package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/radiusd"
)

// Listening are the addresses at which the own RADIUS server answers, once it was
// started: that for access first.
func (c *RadiusConcern) Listening() []net.Addr { return slices.Clone(c.addresses) }

// listen makes the own RADIUS server, if there is to be one.
func (c *RadiusConcern) listen(h *Host) error {
	s := &c.Config
	if s.Listen == "" && s.ListenTLS == "" {
		return nil
	}
	lists := newRevocations(s.ClientCRL, h)
	offer, err := s.eap(lists)
	if err != nil {
		return err
	}
	own, err := c.offered(h, lists)
	if err != nil {
		return err
	}
	if c.daemon, err = radiusd.New(c.Radius, c.accounts, &radiusd.Options{EAP: offer, EAPOf: own, Unsigned: s.Unsigned, Log: h.Log()}); err != nil {
		return err
	}
	load := func(ctx context.Context) {
		if err := c.daemon.Load(ctx); err != nil && ctx.Err() == nil {
			h.Log().ErrorContext(ctx, "access servers were not read", "error", err)
		}
	}
	c.NASes.Changed.Subscribe("radius: access servers of the own server", func(ctx context.Context, _ ...entity.Change[radius.NAS]) { load(ctx) })
	if err := c.measure(h); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(h.Lifetime()))
	var under sync.WaitGroup
	h.AtStart(func(start context.Context) error {
		if err := c.daemon.Load(start); err != nil {
			return fmt.Errorf("access servers: %w", err)
		}
		for _, at := range []string{s.Listen, s.ListenAccounting} {
			if at == "" {
				continue
			}
			conn, err := (&net.ListenConfig{}).ListenPacket(start, "udp", at)
			if err != nil {
				return fmt.Errorf("listen for access servers: %w", err)
			}
			c.addresses = append(c.addresses, conn.LocalAddr())
			under.Go(func() {
				if err := c.daemon.Serve(ctx, conn); err != nil {
					h.Log().ErrorContext(ctx, "access servers are not answered any more", "error", err)
				}
			})
		}
		if err := c.listenTLS(ctx, h, lists, &under); err != nil {
			return err
		}
		under.Go(func() { // what other nodes changed
			for tick := time.NewTicker(30 * time.Second); ; {
				select {
				case <-tick.C:
					load(ctx)
				case <-ctx.Done():
					tick.Stop()
					return
				}
			}
		})
		return nil
	})
	h.AtStop(func(context.Context) error {
		stop()
		under.Wait()
		return nil
	})
	return nil
}

// eap is what devices are offered, nil for nothing.
func (s *RadiusConfig) eap(lists *revocations) (*radiusd.EAPOptions, error) {
	if s.Certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.CertificateKey)
	if err != nil {
		return nil, fmt.Errorf("the certificate for EAP: %w", err)
	}
	o := &radiusd.EAPOptions{Certificate: pair}
	if s.ClientCA == "" {
		return o, nil
	}
	o.Revoked = lists.revoked
	o.ClientCAs, err = authorities("EAP-TLS", s.ClientCA)
	return o, err
}

// authorities reads a file of certificates.
func authorities(of, path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the authorities for %s: %w", of, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("the authorities for %s: the file has no certificate", of)
	}
	return pool, nil
}

// listenTLS answers access servers that connect by TLS.
func (c *RadiusConcern) listenTLS(ctx context.Context, h *Host, lists *revocations, under *sync.WaitGroup) error {
	s := &c.Config
	if s.ListenTLS == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.CertificateKey)
	if err != nil {
		return fmt.Errorf("the certificate for access servers: %w", err)
	}
	pool, err := authorities("access servers", s.TLSClientCA)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.ListenTLS)
	if err != nil {
		return fmt.Errorf("listen for access servers: %w", err)
	}
	c.addresses = append(c.addresses, listener.Addr())
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, SessionTicketsDisabled: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.VerifiedChains) == 0 {
				return errors.New("there is no verified certificate")
			}
			revoked, err := lists.revoked(ctx, state.VerifiedChains[0])
			if err == nil && revoked {
				err = errors.New("the certificate was revoked")
			}
			return err
		}}
	under.Go(func() {
		if err := c.daemon.ServeTLS(ctx, listener, config); err != nil {
			h.Log().ErrorContext(ctx, "access servers are not answered by TLS any more", "error", err)
		}
	})
	return nil
}

// measure shows what became of packets.
func (c *RadiusConcern) measure(h *Host) error {
	var all []error
	for result, of := range map[string]func(radiusd.Counts) int64{
		"accept": func(n radiusd.Counts) int64 { return n.Accepted }, "reject": func(n radiusd.Counts) int64 { return n.Rejected },
		"challenge": func(n radiusd.Counts) int64 { return n.Challenged }, "accounting": func(n radiusd.Counts) int64 { return n.Accounted },
		"repeated": func(n radiusd.Counts) int64 { return n.Repeated }, "unknown": func(n radiusd.Counts) int64 { return n.Unknown },
		"forged": func(n radiusd.Counts) int64 { return n.Forged }, "malformed": func(n radiusd.Counts) int64 { return n.Malformed },
		"busy": func(n radiusd.Counts) int64 { return n.Busy }, "failed": func(n radiusd.Counts) int64 { return n.Failed },
	} {
		all = append(all, h.Metrics().Register(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "wispwright_radius_packets_total",
			Help: "Packets of access servers, by what became of them.", ConstLabels: prometheus.Labels{"result": result}},
			func() float64 { return float64(of(c.daemon.Counts())) })))
	}
	return errors.Join(all...)
}
