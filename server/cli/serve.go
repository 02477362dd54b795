package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/wispwright/wispwright/server"
)

type serveCommand struct {
	Listen string `help:"Address and port, instead of http.listen." placeholder:"ADDRESS"`
	VPNHub bool   `name:"vpn-hub" help:"Run the WireGuard servers of the installation's own hub here (vpn.hub)."`
}

// Run serves until it is interrupted.
func (s serveCommand) Run(ctx context.Context, p *Program, c *commands) error {
	if s.VPNHub {
		p.Environ = append(p.Environ, "WISPWRIGHT_VPN_HUB=true")
	}
	return p.with(ctx, c, func(o *opened) error {
		if s.Listen != "" {
			o.config.HTTP.Listen = s.Listen
		}
		// before the first account is made: its password must not be lost in an error
		l, err := o.server.Listen(ctx)
		if err != nil {
			return err
		}
		first, err := o.server.FirstStart(ctx)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		address := webAddress(o.config, l.Addr())
		if first != nil {
			fmt.Fprintf(p.Out, "\n  A new installation. The web admin is at %s\n  User:     %s\n  Password: %s   (shown this once)\n\n", address, first.Username, first.Password.Reveal())
		}
		o.log.Info("serving", "address", address, "database", o.db.Dialect(), "version", p.Build)
		err = o.server.ServeOn(ctx, l)
		o.log.Info("stopped")
		return err
	})
}

// webAddress is what to type into a browser on this machine.
func webAddress(c *server.Config, a net.Addr) string {
	scheme := "http"
	if c.HTTP.TLSCert != "" || len(c.ACME.Hosts) > 0 {
		scheme = "https"
	}
	host := a.String()
	if strings.HasPrefix(host, "[::]:") || strings.HasPrefix(host, "0.0.0.0:") {
		host = "localhost" + host[strings.LastIndexByte(host, ':'):]
	}
	return scheme + "://" + host + "/admin/"
}

type migrateCommand struct{}

// Run brings the tables up to date.
func (migrateCommand) Run(ctx context.Context, p *Program, c *commands) error {
	config, err := p.config(c)
	if err != nil {
		return err
	}
	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return err
	}
	if err := p.backUpBefore(ctx, config, db); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := server.Migrate(ctx, db, p.Concerns); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := db.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.Out, "The tables are up to date.")
	return err
}

type configCommand struct{}

// Run prints the settings.
func (configCommand) Run(p *Program, c *commands) error {
	config, err := p.config(c)
	if err != nil {
		return err
	}
	return server.WriteConfig(p.Out, config, p.Concerns)
}
