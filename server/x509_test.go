package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	std "crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/x509"
)

// What expires soon is told to those that manage it, once; devices enrol with
// their keys; lists lie among the pages of the admin.
func TestCertificatesInTheServer(t *testing.T) {
	s := newServer(t, testkit.SQLite(t), nil)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	ids := identifiers(t, s)
	alpha, err := wispwright.ParseID(ids["org_alpha"])
	require.NoError(t, err)
	c, ok := server.Find[*server.X509Concern](s.Concerns())
	require.True(t, ok)
	ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
	ca := &x509.CA{Enrolment: true, Details: x509.Details{Name: "vpn", CommonName: "vpn", KeyLength: x509.P256, OrganizationID: alpha}}
	require.NoError(t, c.CAs.Create(ctx, ca))
	soon := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: "portal", CommonName: "portal", KeyLength: x509.P256, OrganizationID: alpha, ValidityEnd: time.Now().AddDate(0, 0, 6)}}
	require.NoError(t, c.Certs.Create(ctx, soon))
	for range 2 {
		require.NoError(t, c.Daily(ctx))
	}
	list := told(t, s, "b", "GET", "/api/v1/notifications/notification/", "").Body.String()
	require.Contains(t, list, `"count":1`)
	require.Contains(t, list, "expires in 7 days")
	require.NotContains(t, told(t, s, "e", "GET", "/api/v1/notifications/notification/", "").Body.String(), "portal", "of another organization")

	w := told(t, s, "", "GET", "/admin/pki/ca/x509/ca/1.crl", "")
	require.Equal(t, []any{200, "application/x-pem-file"}, []any{w.Code, w.Header().Get("Content-Type")})
	require.Equal(t, told(t, s, "", "GET", "/admin/login", "").Code, told(t, s, "", "GET", "/admin/pki/ca/1/change/", "").Code, "a page of the admin")

	d := &controller.Device{Name: "router", OrganizationID: alpha, MACAddress: "00:11:22:33:44:55"}
	require.NoError(t, s.Controller().Devices.Create(ctx, &controller.Detail{Device: d}))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	request, err := std.CreateCertificateRequest(rand.Reader, &std.CertificateRequest{}, key)
	require.NoError(t, err)
	enrol := func(user, password string) int {
		auth := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		return told(t, s, "", "POST", "/.well-known/est/simpleenroll", base64.StdEncoding.EncodeToString(request), "Authorization", auth).Code
	}
	require.Equal(t, http.StatusUnauthorized, enrol(d.ID.String(), "wrong"))
	require.Equal(t, http.StatusUnauthorized, enrol(wispwright.NewID().String(), d.Key.Reveal()))
	require.Equal(t, http.StatusOK, enrol(d.ID.String(), d.Key.Reveal()))
	for range 28 {
		require.Equal(t, http.StatusUnauthorized, enrol(d.ID.String(), "guess"))
	}
	require.Equal(t, http.StatusTooManyRequests, enrol(d.ID.String(), "guess"), "thirty guesses a minute")
	found, err := c.Certs.First(ctx, wispwright.ScopeAll(), x509.CertFilter{Holder: "device:" + d.ID.String()})
	require.NoError(t, err)
	require.Equal(t, []any{"router", d.ID.String(), alpha}, []any{found.Name, found.CommonName, found.OrganizationID})
	// the organization takes everything along
	tenancy, ok := server.Find[*server.TenancyConcern](s.Concerns())
	require.True(t, ok)
	require.NoError(t, tenancy.Organizations.Delete(context.WithoutCancel(ctx), wispwright.ScopeAll(), alpha))
	_, err = c.CAs.Get(ctx, wispwright.ScopeAll(), ca.ID)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.Contains(t, told(t, s, "a", "GET", "/api/v1/notifications/notification/", "").Body.String(), `"count":0`)
}

// What an authority issued is renewed after it, by jobs.
func TestManyCertificatesAreRenewed(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		s := newServer(t, db, nil)
		c, ok := server.Find[*server.X509Concern](s.Concerns())
		require.True(t, ok)
		require.NoError(t, s.Start(t.Context()))
		ctx := wispwright.WithCaller(t.Context(), wispwright.System("test"))
		ca := &x509.CA{Details: x509.Details{Name: "vpn", CommonName: "vpn", KeyLength: x509.P256}}
		require.NoError(t, c.CAs.Create(ctx, ca))
		serials := map[string]bool{}
		for i := range 60 {
			cert := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: fmt.Sprint("device", i), CommonName: fmt.Sprint("device", i), KeyLength: x509.P256}}
			require.NoError(t, c.Certs.Create(ctx, cert))
			serials[cert.SerialNumber] = true
		}
		_, err := c.CAs.Renew(ctx, wispwright.ScopeAll(), ca.ID, x509.RenewOptions{})
		require.NoError(t, err)
		testkit.Eventually(t, "all have new numbers", func(ctx context.Context) bool {
			found, err := c.Certs.List(ctx, wispwright.ScopeAll(), x509.CertFilter{CAID: ca.ID}, wispwright.Page{NoTotal: true})
			require.NoError(t, err)
			return !slices.ContainsFunc(found.Rows, func(c *x509.Cert) bool { return serials[c.SerialNumber] })
		})
	})
}
