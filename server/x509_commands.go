package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/x509"
)

// x509Commands are the commands of the PKI.
type x509Commands struct {
	X509 struct {
		List   x509List   `cmd:"" help:"List CAs, or the certificates of one."`
		Create x509Create `cmd:"" help:"Make a CA, or a certificate of one (--ca)."`
		Import x509Import `cmd:"" help:"Import a CA, or a certificate of one (--ca), from PEM files or a PKCS#12 file."`
		Show   x509Show   `cmd:"" help:"Describe a CA or a certificate."`
		Renew  x509Renew  `cmd:"" help:"Renew a certificate, or a CA with all it issued."`
		Revoke x509Revoke `cmd:"" help:"Revoke a certificate."`
		CRL    x509CRL    `cmd:"" name:"crl" help:"Write the revocation list of a CA."`
		Export x509Export `cmd:"" help:"Write a certificate with its chain, and its key on demand, as PEM or PKCS#12."`
	} `cmd:"" name:"x509" help:"Certification authorities and certificates."`
}

// Commands implements WithCommands.
func (c *X509Concern) Commands() []any { return []any{&x509Commands{}} }

// run opens the server for a command.
func (c *X509Concern) run(ctx context.Context, p *Session, name string, fn func(context.Context) error) error {
	return p.Open(ctx, func(*Server) error { return fn(wispwright.WithCaller(ctx, wispwright.System("wispwright x509 "+name))) })
}

// organization is the id of a slug, the zero ID of "".
func (c *X509Concern) organization(ctx context.Context, slug string) (wispwright.ID, error) {
	return c.Tenancy.bySlug(ctx, slug)
}

type x509List struct {
	CA       int64 `help:"The id of a CA, to list its certificates."`
	Expiring int   `help:"Only what expires within so many days."`
}

// Run prints a table.
func (l x509List) Run(ctx context.Context, p *Session, c *X509Concern) error {
	return c.run(ctx, p, "list", func(ctx context.Context) error {
		var before, from time.Time
		if l.Expiring > 0 {
			from, before = time.Now(), time.Now().AddDate(0, 0, l.Expiring)
		}
		w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
		row := func(kind string, d *x509.Details) {
			state := ""
			if d.Revoked {
				state = "revoked"
			}
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", kind, d.ID, d.Name, d.CommonName, d.KeyLength, d.ValidityEnd.Format(time.DateOnly), state)
		}
		if l.CA == 0 {
			found, err := c.CAs.List(ctx, everyone(), x509.CAFilter{ValidityEndFrom: from, ValidityEndBefore: before}, unpaged)
			if err != nil {
				return err
			}
			for _, ca := range found.Rows {
				row("ca", &ca.Details)
			}
		}
		if l.CA != 0 || l.Expiring > 0 {
			found, err := c.Certs.List(ctx, everyone(), x509.CertFilter{CAID: l.CA, ValidityEndFrom: from, ValidityEndBefore: before}, unpaged)
			if err != nil {
				return err
			}
			for _, cert := range found.Rows {
				row("cert", &cert.Details)
			}
		}
		return w.Flush()
	})
}

// x509Details are the flags of new objects.
type x509Details struct {
	Name         string   `arg:"" help:"Name, which is the common name too unless there is another."`
	Organization string   `help:"Slug of the organization. Default: shared by all."`
	CA           int64    `help:"The id of the CA that issues a certificate."`
	CommonName   string   `help:"Common name."`
	Key          string   `help:"Kind of key: 256, 384, 521, ed25519, 2048, 3072, 4096."`
	Days         int      `help:"Days it is valid."`
	AutoRenew    bool     `help:"Renew it by itself."`
	Extension    []string `help:"NAME=VALUE, such as subjectAltName=DNS:a.example.com." sep:"none"`
}

func (d x509Details) details(ctx context.Context, c *X509Concern) (x509.Details, error) {
	organization, err := c.organization(ctx, d.Organization)
	out := x509.Details{Name: d.Name, CommonName: d.CommonName, OrganizationID: organization, KeyLength: x509.KeyLength(d.Key), AutoRenew: d.AutoRenew}
	if out.CommonName == "" {
		out.CommonName = d.Name
	}
	if d.Days > 0 {
		out.ValidityEnd = time.Now().AddDate(0, 0, d.Days)
	}
	for _, e := range d.Extension {
		name, value, _ := strings.Cut(e, "=")
		out.Extensions = append(out.Extensions, x509.Extension{Name: name, Value: value})
	}
	return out, err
}

type x509Create struct {
	x509Details
	Parent     *int64 `help:"The id of the CA above a new CA."`
	PathLength int64  `help:"How many CAs may follow below a new one; -1: any number."`
	Enrolment  bool   `help:"Devices may enrol at a new CA (EST)."`
}

// Run makes the object and prints its id.
func (x x509Create) Run(ctx context.Context, p *Session, c *X509Concern) error {
	return c.run(ctx, p, "create", func(ctx context.Context) error {
		d, err := x.details(ctx, c)
		if err != nil {
			return err
		}
		return c.store(ctx, p, d, x.CA, func(ca *x509.CA) { ca.ParentID, ca.PathLength, ca.Enrolment = x.Parent, x.PathLength, x.Enrolment })
	})
}

// store makes a CA, or with the id of one a certificate.
func (c *X509Concern) store(ctx context.Context, p *Session, d x509.Details, issuer int64, more func(*x509.CA)) error {
	if issuer != 0 {
		cert := &x509.Cert{Details: d, CAID: issuer}
		if err := c.Certs.Create(ctx, cert); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.Out, "Certificate", cert.ID)
		return err
	}
	ca := &x509.CA{Details: d}
	more(ca)
	if err := c.CAs.Create(ctx, ca); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.Out, "CA", ca.ID)
	return err
}

type x509Import struct {
	Certificate     string `arg:"" type:"existingfile" help:"PEM file of the certificate, or a PKCS#12 file."`
	Key             string `arg:"" optional:"" type:"existingfile" help:"PEM file of the private key; none for a PKCS#12 file."`
	Name            string `help:"Default: its common name."`
	Organization    string `help:"Slug of the organization. Default: shared by all."`
	CA              int64  `help:"The id of the CA that issued the certificate."`
	PassphraseStdin bool   `help:"Read the passphrase of the key, or of the PKCS#12 file, from the first line of standard input."`
}

// Run imports the object and prints its id.
func (x x509Import) Run(ctx context.Context, p *Session, c *X509Concern) error {
	passphrase, err := secretLine(p, x.PassphraseStdin)
	if err != nil {
		return err
	}
	d := x509.Details{Name: x.Name}
	if err := x.read(&d, passphrase); err != nil {
		return err
	}
	return c.run(ctx, p, "import", func(ctx context.Context) error {
		organization, err := c.organization(ctx, x.Organization)
		if err != nil {
			return err
		}
		d.OrganizationID = organization
		return c.store(ctx, p, d, x.CA, func(*x509.CA) {})
	})
}

// read fills in what the files hold.
func (x x509Import) read(d *x509.Details, passphrase wispwright.Secret) error {
	certificate, err := os.ReadFile(x.Certificate)
	if err != nil {
		return err
	}
	if x.Key == "" {
		file, err := x509.ReadPKCS12(certificate, passphrase)
		if err != nil {
			return fmt.Errorf("%s: %w", x.Certificate, err)
		}
		d.Certificate, d.PrivateKey = file.Certificate, file.PrivateKey
		return nil
	}
	key, err := os.ReadFile(x.Key)
	d.Certificate, d.PrivateKey, d.Passphrase = string(certificate), wispwright.Secret(key), passphrase
	return err
}

// secretLine is the first line of the standard input, if it is wanted.
func secretLine(p *Session, wanted bool) (wispwright.Secret, error) {
	if !wanted {
		return "", nil
	}
	line, err := bufio.NewReader(p.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	return wispwright.Secret(strings.TrimRight(line, "\r\n")), nil
}

// x509Target names an object.
type x509Target struct {
	Kind string `arg:"" enum:"ca,cert" help:"ca or cert."`
	ID   int64  `arg:"" help:"Its id."`
}

// find returns the details of the object and the CAs above it.
func (t x509Target) find(ctx context.Context, c *X509Concern) (*x509.Details, []*x509.CA, error) {
	if t.Kind == "ca" {
		ca, err := c.CAs.Get(ctx, everyone(), t.ID)
		if err != nil {
			return nil, nil, fmt.Errorf("CA %d: %w", t.ID, err)
		}
		chain, err := c.CAs.Chain(ctx, t.ID)
		if err != nil {
			return nil, nil, err
		}
		return &ca.Details, chain[1:], nil
	}
	cert, err := c.Certs.Get(ctx, everyone(), t.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate %d: %w", t.ID, err)
	}
	chain, err := c.CAs.Chain(ctx, cert.CAID)
	return &cert.Details, chain, err
}

type x509Show struct{ x509Target }

// Run prints the description.
func (x x509Show) Run(ctx context.Context, p *Session, c *X509Concern) error {
	return c.run(ctx, p, "show", func(ctx context.Context) error {
		d, _, err := x.find(ctx, c)
		if err != nil {
			return err
		}
		text, err := x509.Text(d.Certificate)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(p.Out, text)
		return err
	})
}

type x509Renew struct {
	x509Target
	KeepKey bool `help:"Renew the certificate of a CA alone, with the key it has."`
}

// Run renews the object.
func (x x509Renew) Run(ctx context.Context, p *Session, c *X509Concern) error {
	return c.run(ctx, p, "renew", func(ctx context.Context) error {
		var d *x509.Details
		if x.Kind == "ca" {
			ca, err := c.CAs.Renew(ctx, everyone(), x.ID, x509.RenewOptions{KeepKey: x.KeepKey})
			if err != nil {
				return err
			}
			d = &ca.Details
		} else {
			cert, err := c.Certs.Renew(ctx, everyone(), x.ID)
			if err != nil {
				return err
			}
			d = &cert.Details
		}
		_, err := fmt.Fprintf(p.Out, "%s is valid until %s, serial number %s\n", d.Name, d.ValidityEnd.Format(time.DateOnly), d.SerialNumber)
		return err
	})
}

type x509Revoke struct {
	ID     int64  `arg:"" help:"The id of the certificate."`
	Reason string `help:"Why: unspecified, key_compromise, ca_compromise, affiliation_changed, superseded, cessation_of_operation or privilege_withdrawn." default:"unspecified"`
}

// Run revokes the certificate.
func (x x509Revoke) Run(ctx context.Context, p *Session, c *X509Concern) error {
	return c.run(ctx, p, "revoke", func(ctx context.Context) error {
		cert, err := c.Certs.Revoke(ctx, everyone(), x.ID, x509.Reason(x.Reason))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.Out, "%s is revoked\n", cert.Name)
		return err
	})
}

type x509CRL struct {
	ID  int64 `arg:"" help:"The id of the CA."`
	DER bool  `help:"Write DER instead of PEM."`
}

// Run writes the list.
func (x x509CRL) Run(ctx context.Context, p *Session, c *X509Concern) error {
	return c.run(ctx, p, "crl", func(ctx context.Context) error {
		l, err := c.CRL(ctx, everyone(), x.ID)
		if err != nil {
			return fmt.Errorf("CA %d: %w", x.ID, err)
		}
		text := l.PEM()
		if x.DER {
			text = l.DER
		}
		_, err = p.Out.Write(text)
		return err
	})
}

type x509Export struct {
	x509Target
	Key           bool `help:"Write the private key too."`
	PKCS12        bool `name:"pkcs12" help:"Write a PKCS#12 file, with the private key."`
	Legacy        bool `help:"For programs older than 2022."`
	PasswordStdin bool `help:"Read the password of the PKCS#12 file from the first line of standard input."`
}

// Run writes the files to the standard output.
func (x x509Export) Run(ctx context.Context, p *Session, c *X509Concern) error {
	password, err := secretLine(p, x.PasswordStdin)
	if err != nil {
		return err
	}
	return c.run(ctx, p, "export", func(ctx context.Context) error {
		d, chain, err := x.find(ctx, c)
		if err != nil {
			return err
		}
		text := []byte(x509.Bundle(d.Certificate, chain))
		switch {
		case x.PKCS12:
			if text, err = x509.PKCS12(d, chain, password, x.Legacy); err != nil {
				return err
			}
		case x.Key:
			text = append(text, d.PrivateKey.Reveal()...)
		}
		_, err = p.Out.Write(text)
		return err
	})
}
