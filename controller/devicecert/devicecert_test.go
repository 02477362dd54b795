package devicecert_test

import (
	"context"
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/devicecert"
	"github.com/wispwright/wispwright/controller/devicecert/devicecerttest"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/x509"
)

func TestMemory(t *testing.T) {
	devicecerttest.Run(t, func(*testing.T) devicecerttest.Storage {
		m := memstore.New()
		return devicecerttest.Storage{Tx: m, Stores: devicecert.NewMemory(m)}
	})
}

// queue keeps jobs until the test runs them.
type queue struct{ jobs []devicecert.Job }

func (q *queue) Enqueue(ctx context.Context, jobs ...devicecert.Job) error {
	wispwright.AfterCommit(ctx, func() { q.jobs = append(q.jobs, jobs...) })
	return nil
}

type world struct {
	*devicecert.Certificates
	t       *testing.T
	ctl     *controller.Controller
	tenants *tenancy.Tenancy
	x509    *x509.Authority
	queue   *queue
	acme    wispwright.ID
	serial  int
	ca      *x509.CA
}

func newWorld(t *testing.T, o devicecert.Options) *world {
	t.Helper()
	w := &world{t: t, queue: &queue{}}
	m, stores := tenancy.NewMemory()
	var err error
	w.tenants, err = tenancy.New(m, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	require.NoError(t, err)
	w.ctl, err = controller.New(m, controller.NewMemory(m), render.New(nil), w.tenants.Organizations, nil)
	require.NoError(t, err)
	w.ctl.Attach(w.tenants.Organizations)
	base := &entity.Base{Tx: m, Tenants: w.tenants.Organizations}
	w.x509, err = x509.NewAuthority(base, x509.NewMemory(m), &x509.Options{KeyLength: x509.P256})
	require.NoError(t, err)
	o.Jobs = w.queue
	o.CommonName = func(d *controller.Device) string { w.serial++; return fmt.Sprintf("%s-%d", d.Name, w.serial) }
	w.Certificates, err = devicecert.New(base, devicecert.NewMemory(m), w.ctl, w.x509, o)
	require.NoError(t, err)
	w.acme = w.organization("acme")
	w.ca = w.authority("ca", w.acme)
	return w
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func (w *world) organization(name string) wispwright.ID {
	w.t.Helper()
	o := &tenancy.Organization{Name: name, Slug: name, IsActive: true}
	require.NoError(w.t, w.tenants.Organizations.Create(w.t.Context(), o))
	return o.ID
}

func (w *world) authority(name string, organization wispwright.ID) *x509.CA {
	w.t.Helper()
	ca := &x509.CA{PathLength: x509.NoLimit, Details: x509.Details{Name: name, CommonName: name, OrganizationID: organization, City: "Rome", KeyLength: x509.P384}}
	require.NoError(w.t, w.x509.CAs.Create(w.t.Context(), ca))
	return ca
}

func (w *world) cert(name string, ca *x509.CA) *x509.Cert {
	w.t.Helper()
	c := &x509.Cert{CAID: ca.ID, Details: x509.Details{Name: name, CommonName: name, OrganizationID: ca.OrganizationID, City: "Paris", OrganizationName: "Blue",
		Extensions: []x509.Extension{{Name: "extendedKeyUsage", Value: "clientAuth"}, {OID: devicecert.OIDMACAddress, Value: "ASN1:UTF8:string:other"}}}}
	require.NoError(w.t, w.x509.Certs.Create(w.t.Context(), c))
	return c
}

func (w *world) draft(name string, change func(*controller.Template)) *controller.Template {
	t := &controller.Template{Name: name, OrganizationID: w.acme, Backend: "netjsonconfig.OpenWrt", Type: devicecert.Type, CAID: w.ca.ID, AutoCert: true}
	if change != nil {
		change(t)
	}
	return t
}

func (w *world) template(name string, change func(*controller.Template)) *controller.Template {
	w.t.Helper()
	t := w.draft(name, change)
	require.NoError(w.t, w.ctl.Templates.Create(w.t.Context(), t))
	return t
}

func (w *world) device(name string, templates ...*controller.Template) *controller.Device {
	w.t.Helper()
	w.serial++
	d := &controller.Detail{
		Device: &controller.Device{OrganizationID: w.acme, Name: name, MACAddress: fmt.Sprintf("00:11:22:33:44:%02X", w.serial)},
		Config: &controller.Config{Backend: "netjsonconfig.OpenWrt", Config: "{}", Templates: ids(templates)},
	}
	require.NoError(w.t, w.ctl.Devices.Create(w.t.Context(), d))
	return d.Device
}

func ids(templates []*controller.Template) (out []wispwright.ID) {
	for _, t := range templates {
		out = append(out, t.ID)
	}
	return out
}

func (w *world) assign(d *controller.Device, templates ...*controller.Template) {
	w.t.Helper()
	_, err := w.ctl.Devices.Update(w.t.Context(), all(), d.ID, func(d *controller.Detail) error {
		d.Config.Templates = ids(templates)
		return nil
	})
	require.NoError(w.t, err)
}

// rows are what a device has, with their certificates.
func (w *world) rows(d *controller.Device) (rows []*devicecert.Certificate, certs map[int64]*x509.Cert) {
	w.t.Helper()
	found, err := w.List(w.t.Context(), all(), devicecert.Filter{DeviceID: d.ID}, wispwright.Page{})
	require.NoError(w.t, err)
	certs, err = w.Issued(w.t.Context(), found.Rows...)
	require.NoError(w.t, err)
	return found.Rows, certs
}

// one is the only certificate of a device.
func (w *world) one(d *controller.Device) (*devicecert.Certificate, *x509.Cert) {
	w.t.Helper()
	rows, certs := w.rows(d)
	require.Len(w.t, rows, 1)
	return rows[0], certs[rows[0].CertID]
}

func (w *world) text(d *controller.Device) string {
	w.t.Helper()
	v, err := w.ctl.Devices.Context(w.t.Context(), all(), d.ID)
	require.NoError(w.t, err)
	return fmt.Sprint(v.All)
}

func (w *world) stored(id int64) *x509.Cert {
	w.t.Helper()
	c, err := w.x509.Certs.Get(w.t.Context(), all(), id)
	require.NoError(w.t, err)
	return c
}

func parse(t *testing.T, text string) *std.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	c, err := std.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return c
}

// own is the value of an extension of a certificate.
func own(t *testing.T, c *std.Certificate, oid string) string {
	t.Helper()
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == oid })
	require.GreaterOrEqual(t, i, 0, oid)
	var raw asn1.RawValue
	_, err := asn1.Unmarshal(c.Extensions[i].Value, &raw)
	require.NoError(t, err)
	require.Equal(t, asn1.TagUTF8String, raw.Tag)
	return string(raw.Bytes)
}

func TestADeviceGetsACertificateWithItsTemplate(t *testing.T) {
	w := newWorld(t, devicecert.Options{})
	tpl := w.template("identity", nil)
	d := w.device("roof", tpl)
	row, cert := w.one(d)
	require.Equal(t, tpl.ID, row.TemplateID)
	require.Equal(t, w.acme, row.OrganizationID)
	require.Equal(t, x509.P384, cert.KeyLength, "as the authority has it")
	parsed := parse(t, cert.Certificate)
	require.Equal(t, []string{"Rome"}, parsed.Subject.Locality)
	require.True(t, strings.HasPrefix(parsed.Subject.CommonName, "roof-"))
	require.Equal(t, d.MACAddress, own(t, parsed, devicecert.OIDMACAddress))
	require.Equal(t, d.ID.String(), own(t, parsed, devicecert.OIDDeviceID))
	require.NoError(t, parsed.CheckSignatureFrom(parse(t, w.ca.Certificate)))

	hex := strings.ReplaceAll(tpl.ID.String(), "-", "")
	v, err := w.ctl.Devices.Context(t.Context(), all(), d.ID)
	require.NoError(t, err)
	require.Equal(t, cert.Certificate, v.All["cert_"+hex+"_pem"])
	require.Equal(t, cert.PrivateKey.Reveal(), v.All["cert_"+hex+"_key"])
	require.Equal(t, row.ID.String(), v.All["cert_"+hex+"_uuid"])
	require.Equal(t, "/etc/x509/cert-"+hex+".pem", v.All["cert_"+hex+"_path"])
	require.Equal(t, "/etc/x509/key-"+hex+".pem", v.All["cert_"+hex+"_key_path"])
	preview, err := w.ctl.Devices.Configuration(t.Context(), all(), d.ID)
	require.NoError(t, err)
	require.NotEmpty(t, preview.Bytes)

	other := w.template("other", func(o *controller.Template) { o.Name = "other" })
	w.assign(d, other, tpl)
	rows, _ := w.rows(d)
	require.Len(t, rows, 2)
	again, _ := w.Get(t.Context(), all(), row.ID)
	require.Equal(t, cert.ID, again.CertID, "another order leaves it alone")
	w.assign(d, other)
	row2, _ := w.one(d)
	require.Equal(t, other.ID, row2.TemplateID)
	require.True(t, w.stored(cert.ID).Revoked)
	require.NotContains(t, w.text(d), "cert_"+hex)
}

func TestABlueprintSaysWhatCertificatesAreLike(t *testing.T) {
	w := newWorld(t, devicecert.Options{})
	blueprint := w.cert("blueprint", w.ca)
	d := w.device("roof", w.template("identity", func(o *controller.Template) { o.BlueprintID = blueprint.ID }))
	_, cert := w.one(d)
	parsed := parse(t, cert.Certificate)
	require.Equal(t, []string{"Paris"}, parsed.Subject.Locality)
	require.Equal(t, []string{"Blue"}, parsed.Subject.Organization)
	require.Equal(t, []std.ExtKeyUsage{std.ExtKeyUsageClientAuth}, parsed.ExtKeyUsage)
	require.Equal(t, d.MACAddress, own(t, parsed, devicecert.OIDMACAddress), "not the blueprint's")
	require.Equal(t, x509.P256, cert.KeyLength)
}

func TestCertificatesThatAreNotMade(t *testing.T) {
	w := newWorld(t, devicecert.Options{})
	row, cert := w.one(w.device("roof", w.template("by hand", func(o *controller.Template) { o.AutoCert = false })))
	require.Nil(t, cert)
	require.Zero(t, row.CertID)
	require.False(t, row.AutoCert)
}

func TestWhatEndsACertificate(t *testing.T) {
	for name, end := range map[string]func(*world, *controller.Device, *controller.Template) error{
		"deactivation": func(w *world, d *controller.Device, _ *controller.Template) error {
			_, err := w.ctl.Devices.Deactivate(t.Context(), all(), d.ID)
			return err
		},
		"deletion of the device": func(w *world, d *controller.Device, _ *controller.Template) error {
			if _, err := w.ctl.Devices.Deactivate(t.Context(), all(), d.ID); err != nil {
				return err
			}
			return w.ctl.Devices.Delete(t.Context(), all(), d.ID, true)
		},
		"deletion of the template": func(w *world, _ *controller.Device, tpl *controller.Template) error {
			return w.ctl.Templates.Delete(t.Context(), all(), tpl.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, devicecert.Options{})
			tpl := w.template("identity", nil)
			d := w.device("roof", tpl)
			_, cert := w.one(d)
			require.NoError(t, end(w, d, tpl))
			rows, _ := w.rows(d)
			require.Empty(t, rows)
			require.True(t, w.stored(cert.ID).Revoked)
		})
	}
}

func TestAnotherNameIsAnotherCertificate(t *testing.T) {
	for _, keep := range []bool{false, true} {
		w := newWorld(t, devicecert.Options{KeepOnChange: keep})
		d := w.device("roof", w.template("identity", nil), w.template("by hand", func(o *controller.Template) { o.AutoCert = false }))
		plain := w.device("plain")
		rows, certs := w.rows(d)
		var told []devicecert.Reissued
		w.Reissued.Subscribe("test", func(_ context.Context, list ...devicecert.Reissued) { told = append(told, list...) })
		for _, id := range []wispwright.ID{d.ID, plain.ID} {
			_, err := w.ctl.Devices.Update(t.Context(), all(), id, func(d *controller.Detail) error {
				d.Device.Notes = "nothing of the certificate"
				return nil
			})
			require.NoError(t, err)
		}
		require.Empty(t, w.queue.jobs)
		_, err := w.ctl.Devices.Update(t.Context(), all(), plain.ID, func(d *controller.Detail) error { d.Device.Name = "plainer"; return nil })
		require.NoError(t, err)
		require.Empty(t, w.queue.jobs, "it has none")
		after, err := w.ctl.Devices.Update(t.Context(), all(), d.ID, func(d *controller.Detail) error { d.Device.MACAddress = "00:11:22:33:44:FF"; return nil })
		require.NoError(t, err)
		if keep {
			require.Empty(t, w.queue.jobs)
			continue
		}
		require.Equal(t, []devicecert.Job{{DeviceID: d.ID}}, w.queue.jobs)
		require.NoError(t, w.Work(t.Context(), w.queue.jobs[0]))
		require.Len(t, told, 1)
		require.Len(t, told[0].Certificates, 1)
		again, now := w.rows(after.Device)
		require.Len(t, again, 2)
		for id, old := range certs {
			require.True(t, w.stored(id).Revoked)
			require.NotContains(t, now, old.ID)
		}
		require.Len(t, now, 1)
		for _, c := range now {
			require.Equal(t, "00:11:22:33:44:FF", own(t, parse(t, c.Certificate), devicecert.OIDMACAddress))
			require.Contains(t, w.text(d), c.Certificate)
		}
		require.Len(t, rows, 2)
		require.NoError(t, w.Work(t.Context(), w.queue.jobs[0]), "again")
		require.Len(t, told, 1, "there is nothing left to do")
		require.NoError(t, w.Work(t.Context(), devicecert.Job{DeviceID: wispwright.NewID()}), "it is gone")
	}
}

func TestRulesOfTemplates(t *testing.T) {
	w := newWorld(t, devicecert.Options{Taken: func(_ context.Context, cert int64) (bool, error) { return cert == 3, nil }})
	beta := w.organization("beta")
	foreign, second := w.authority("foreign", beta), w.authority("second", w.acme)
	revoked := &x509.CA{ParentID: &w.ca.ID, Details: x509.Details{Name: "revoked", CommonName: "revoked", OrganizationID: w.acme}}
	require.NoError(t, w.x509.CAs.Create(t.Context(), revoked))
	_, err := w.x509.CAs.Revoke(t.Context(), all(), revoked.ID, x509.CessationOfOperation)
	require.NoError(t, err)
	good, gone, taken := w.cert("good", w.ca), w.cert("gone", w.ca), w.cert("taken", w.ca)
	require.EqualValues(t, 3, taken.ID)
	_, err = w.x509.Certs.Revoke(t.Context(), all(), gone.ID, x509.KeyCompromise)
	require.NoError(t, err)
	other := w.cert("of another", second)
	mine := w.device("mine", w.template("first", nil))
	_, had := w.one(mine)
	for name, c := range map[string]struct {
		change func(*controller.Template)
		want   string
	}{
		"no authority":         {func(o *controller.Template) { o.CAID = 0 }, `ca: A CA must be selected`},
		"unknown authority":    {func(o *controller.Template) { o.CAID = 999 }, `ca: Invalid pk "999"`},
		"foreign authority":    {func(o *controller.Template) { o.CAID = foreign.ID }, `ca: Invalid pk`},
		"revoked authority":    {func(o *controller.Template) { o.CAID = revoked.ID }, `ca: The CA is revoked.`},
		"shared template":      {func(o *controller.Template) { o.OrganizationID = wispwright.ID{} }, `ca: Invalid pk`},
		"unknown blueprint":    {func(o *controller.Template) { o.BlueprintID = 999 }, `blueprint_cert: Invalid pk`},
		"revoked blueprint":    {func(o *controller.Template) { o.BlueprintID = gone.ID }, `blueprint_cert: The blueprint is revoked.`},
		"blueprint of another": {func(o *controller.Template) { o.BlueprintID = other.ID }, `blueprint_cert: The blueprint must be a certificate of the selected CA.`},
		"blueprint in use":     {func(o *controller.Template) { o.BlueprintID = had.ID }, `blueprint_cert: The blueprint is in use`},
		"blueprint of a VPN":   {func(o *controller.Template) { o.BlueprintID = taken.ID }, `blueprint_cert: The blueprint is in use`},
		"type":                 {func(o *controller.Template) { o.Type = "certs" }, `type: "certs" is not a valid choice.`},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.ctl.Templates.Create(t.Context(), w.draft(name, c.change))
			require.ErrorContains(t, err, c.want)
		})
	}
	used := w.template("used", func(o *controller.Template) { o.BlueprintID = good.ID })
	d := w.device("user", used)
	change := func(change func(*controller.Template)) error {
		_, err := w.ctl.Templates.Update(t.Context(), all(), used.ID, func(o *controller.Template) error { change(o); return nil })
		return err
	}
	for field, what := range map[string]func(*controller.Template){
		"ca": func(o *controller.Template) { o.CAID, o.BlueprintID = second.ID, 0 }, "blueprint_cert": func(o *controller.Template) { o.BlueprintID = 0 },
		"type": func(o *controller.Template) { o.Type = controller.TemplateGeneric },
	} {
		require.ErrorContains(t, change(what), field+": This cannot be changed while active devices use the template.")
	}
	require.NoError(t, change(func(o *controller.Template) { o.Notes = "anything else can" }))
	require.ErrorContains(t, w.CertificateDeleted(t.Context(), good.ID), `The certificate is the blueprint of the template "used"`)
	require.ErrorContains(t, w.AuthorityDeleted(t.Context(), w.ca.ID), `The CA is that of the template "`)
	require.NoError(t, w.AuthorityDeleted(t.Context(), foreign.ID))
	_, err = w.ctl.Devices.Deactivate(t.Context(), all(), d.ID)
	require.NoError(t, err)
	require.NoError(t, change(func(o *controller.Template) { o.CAID, o.BlueprintID = second.ID, 0 }))
	require.NoError(t, change(func(o *controller.Template) { o.Type = controller.TemplateGeneric }))
	plain, err := w.ctl.Templates.Get(t.Context(), all(), used.ID)
	require.NoError(t, err)
	require.Zero(t, plain.CAID)
	require.False(t, plain.AutoCert)
}

func TestACertificateThatIsRenewedOrDeleted(t *testing.T) {
	w := newWorld(t, devicecert.Options{})
	tpl := w.template("identity", nil)
	d := w.device("roof", tpl)
	_, cert := w.one(d)
	require.NoError(t, w.CertificateRenewed(t.Context(), cert.ID))
	w.x509.Certs.Deleting.Subscribe("devicecert", func(ctx context.Context, list ...*x509.Cert) error {
		for _, c := range list {
			if err := w.CertificateDeleted(ctx, c.ID); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, w.x509.Certs.Delete(t.Context(), all(), cert.ID))
	_, anew := w.one(d)
	require.NotNil(t, anew)
	require.NotEqual(t, cert.ID, anew.ID)
	require.Contains(t, w.text(d), anew.Certificate)
}

// An authority that ran out refuses what somebody asks for, and lets a device that
// runs already alone.
func TestAnAuthorityThatIsGone(t *testing.T) {
	w := newWorld(t, devicecert.Options{})
	tpl := w.template("identity", nil)
	d := w.device("roof")
	require.NoError(t, w.x509.CAs.Delete(t.Context(), all(), w.ca.ID))
	_, err := w.ctl.Devices.Update(t.Context(), all(), d.ID, func(d *controller.Detail) error { d.Config.Templates = []wispwright.ID{tpl.ID}; return nil })
	require.ErrorContains(t, err, `The authority of the template "identity" is gone.`)
}
