package x509_test

import (
	"context"
	std "crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/x509"
)

// pki is an authority over memory with a clock of its own.
type pki struct {
	*x509.Authority
	tx      wispwright.Transactor
	stores  x509.Stores
	history []wispwright.Change

	mu  sync.Mutex
	now time.Time
}

func (p *pki) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(time.Microsecond)
	return p.now
}

func (p *pki) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

// Record keeps the history.
func (p *pki) Record(_ context.Context, changes ...wispwright.Change) error {
	p.history = append(p.history, changes...)
	return nil
}

func newPKI(t testing.TB, o *x509.Options) *pki {
	t.Helper()
	m := memstore.New()
	p := &pki{tx: m, stores: x509.NewMemory(m), now: time.Now().UTC().Truncate(time.Second)}
	var err error
	p.Authority, err = x509.NewAuthority(&entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: p.clock, Recorder: p}, p.stores, o)
	require.NoError(t, err)
	return p
}

func everything() wispwright.Scope { return wispwright.ScopeAll() }

func (p *pki) ca(t testing.TB, name string, change ...func(*x509.CA)) *x509.CA {
	t.Helper()
	ca := &x509.CA{Details: x509.Details{Name: name, CommonName: name, KeyLength: x509.P256}}
	for _, c := range change {
		c(ca)
	}
	require.NoError(t, p.CAs.Create(t.Context(), ca))
	return ca
}

func (p *pki) cert(t testing.TB, ca *x509.CA, name string, change ...func(*x509.Cert)) *x509.Cert {
	t.Helper()
	c := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: name, CommonName: name, KeyLength: x509.P256, OrganizationID: ca.OrganizationID}}
	for _, f := range change {
		f(c)
	}
	require.NoError(t, p.Certs.Create(t.Context(), c))
	return c
}

func parse(t testing.TB, text string) *std.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	c, err := std.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return c
}

// files writes texts into a folder of the test.
func files(t testing.TB, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// openssl runs OpenSSL in a folder.
func openssl(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, args...)
	require.NoError(t, err, "openssl %s: %s", strings.Join(args, " "), out)
	return out
}

func try(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// faults are the messages of a validation error by field.
func faults(t testing.TB, err error) map[string]string {
	t.Helper()
	var v *wispwright.ValidationError
	require.ErrorAs(t, err, &v, "%v", err)
	out := map[string]string{}
	for _, f := range v.Fields {
		out[f.Path] = strings.Join(f.Messages, " ")
	}
	return out
}

func read(t testing.TB, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(b)
}

var errWanted = errors.New("wanted")
