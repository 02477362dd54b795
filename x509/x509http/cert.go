package x509http

import (
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/x509"
)

// mountCerts adds certificates (spec: x509 §8).
func (h *HTTP) mountCerts(api *rest.API) {
	type filter = x509.CertFilter
	rest.Mount(api, rest.Resource[int64, x509.Cert, filter, certIn, certOut]{
		Path: certPath, Name: "Cert", ID: "controller_cert", Tag: "controller", Kind: "pki.cert",
		Service: h.a.Certs, Out: h.certsOut,
		Check: func(r *rest.Request, in *certIn) error {
			var v wispwright.ValidationError
			// shared CAs are there to be used
			if err := h.knownCA(r, &v, "ca", in.CA, r.ReadScope()); err != nil {
				return err
			}
			return v.Err()
		},
		Apply: func(_ *rest.Request, in *certIn, c *x509.Cert) error {
			c.CAID, c.Request = int64(in.CA.V), in.CSR.Or("")
			return in.into(&c.Details)
		},
		Organization: func(c *x509.Cert) wispwright.ID { return c.OrganizationID },
		Version: func(c *x509.Cert) []any {
			return []any{c.Name, c.OrganizationID, c.Notes, c.AutoRenew, c.SerialNumber, c.Revoked}
		},
		Detail: rest.Item[int64, x509.Cert, filter, certChange, certOut]{
			Out: h.certsOut,
			Apply: func(_ *rest.Request, in *certChange, c *x509.Cert) error {
				in.Name.Into(&c.Name)
				in.Organization.Into(&c.OrganizationID)
				in.Notes.Into(&c.Notes)
				in.AutoRenew.Into(&c.AutoRenew)
				return nil
			},
		},
		Filters: []rest.Filter[filter]{
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
			rest.FilterBool("revoked", func(f *filter, v bool) { f.Revoked = &v }),
			rest.FilterTime("validity_end__lt", func(f *filter, v time.Time) { f.ValidityEndBefore = v }),
			rest.FilterTime("validity_end__gte", func(f *filter, v time.Time) { f.ValidityEndFrom = v }),
			owner(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("key_length__exact", choices(x509.KeyLengths()), func(f *filter, v string) { f.KeyLength = x509.KeyLength(v) }),
			rest.FilterChoice("digest__exact", choices(x509.Digests()), func(f *filter, v string) { f.Digest = x509.Digest(v) }),
			{Name: "ca", Help: "the id of a CA", Apply: func(_ *rest.Request, f *filter, v string) error {
				var id pk
				if err := id.FromWire([]byte(`"` + v + `"`)); err != nil {
					return rest.ErrNothing
				}
				f.CAID = int64(id)
				if id == 0 {
					return rest.ErrNothing
				}
				return nil
			}},
		},
		Ordering: map[string]string{"name": "Name", "validity_end": "ValidityEnd", "revoked": "Revoked", "created": "Created", "modified": "Modified", "key_length": "KeyLength", "digest": "Digest"},
	})
	h.mountCertActions(api)
}

// mountCertActions adds what is done with one certificate.
func (h *HTTP) mountCertActions(api *rest.API) {
	sub := func(path, name string) *rest.View {
		return &rest.View{Path: certPath + "{id:int}/" + path + "/", Name: name, Tag: "controller", Kind: "pki.cert"}
	}
	api.Mount(sub("renew", "Cert Renew"), rest.Action(http.MethodPost, "controller_cert_renew", http.StatusOK, func(r *rest.Request, _ *rest.None) (certOut, error) {
		c, err := reach(r, h.a.Certs.Get, ofCert)
		if err != nil {
			return certOut{}, err
		}
		if c, err = h.a.Certs.Renew(r.Context(), r.WriteScope(), c.ID); err != nil {
			return certOut{}, err
		}
		return h.certOut(r, c), nil
	}))
	api.Mount(sub("revoke", "Cert Revoke"), rest.Action(http.MethodPost, "controller_cert_revoke", http.StatusOK, func(r *rest.Request, in *revokeIn) (certOut, error) {
		c, err := reach(r, h.a.Certs.Get, ofCert)
		if err != nil {
			return certOut{}, err
		}
		if c, err = h.a.Certs.Revoke(r.Context(), r.WriteScope(), c.ID, x509.Reason(in.Reason.Or(""))); err != nil {
			return certOut{}, err
		}
		return h.certOut(r, c), nil
	}))
	api.Mount(sub("chain", "Cert Chain"), rest.Op{Method: http.MethodGet, ID: "controller_cert_chain", Summary: "A certificate and those of the CAs above it",
		Doc: rest.DocRaw("application/x-pem-file", "Certificates in PEM, the root last"), Handle: func(r *rest.Request) (int, any, error) {
			c, err := h.a.Certs.Get(r.Context(), r.ReadScope(), r.Int("id"))
			if err != nil {
				return 0, nil, err
			}
			chain, err := h.a.CAs.Chain(r.Context(), c.CAID)
			if err != nil {
				return 0, nil, err
			}
			r.ResponseHeader().Set("Content-Disposition", fileName(c.Name, "-chain.pem"))
			return http.StatusOK, pemFile(x509.Bundle(c.Certificate, chain)), nil
		}})
	api.Mount(sub("text", "Cert Text"), rest.Action(http.MethodGet, "controller_cert_text", http.StatusOK, func(r *rest.Request, _ *rest.None) (textOut, error) {
		c, err := h.a.Certs.Get(r.Context(), r.ReadScope(), r.Int("id"))
		if err != nil {
			return textOut{}, err
		}
		return describe(c.Certificate)
	}))
	api.Mount(sub("pkcs12", "Cert PKCS12"), packed("controller_cert_pkcs12", func(r *rest.Request) (*x509.Details, []*x509.CA, error) {
		c, err := reach(r, h.a.Certs.Get, ofCert)
		if err == nil && !h.mayReveal(r, changeCert, &c.Details) {
			err = wispwright.ErrForbidden
		}
		if err != nil {
			return nil, nil, err
		}
		chain, err := h.a.CAs.Chain(r.Context(), c.CAID)
		return &c.Details, chain, err
	}))
}

func (h *HTTP) certsOut(r *rest.Request, rows []*x509.Cert) ([]certOut, error) {
	out := make([]certOut, len(rows))
	for i, c := range rows {
		out[i] = h.certOut(r, c)
	}
	return out, nil
}

// expiringOut counts what expires soon, for a card of the dashboard.
type expiringOut struct {
	Authorities  int `json:"authorities"`
	Certificates int `json:"certificates"`
	CAsSoon      int `json:"authorities_expiring"`
	Soon         int `json:"certificates_expiring"`
	Expired      int `json:"certificates_expired"`
	Days         int `json:"days"`
}

// expiringDays is what "soon" means there: the first of the usual notices.
const expiringDays = 30

// mountExpiring adds the numbers of the dashboard.
func (h *HTTP) mountExpiring(api *rest.API) {
	api.Mount(&rest.View{Path: "/api/v1/controller/pki/summary/", Name: "PKI Summary", Tag: "controller", Kind: "pki.cert"},
		rest.Action(http.MethodGet, "controller_pki_summary", http.StatusOK, func(r *rest.Request, _ *rest.None) (expiringOut, error) {
			now, no := time.Now(), false
			soon := now.AddDate(0, 0, expiringDays)
			out := expiringOut{Days: expiringDays}
			for _, f := range []struct {
				to     *int
				filter x509.CertFilter
			}{
				{&out.Certificates, x509.CertFilter{Revoked: &no, ValidityEndFrom: now}},
				{&out.Soon, x509.CertFilter{Revoked: &no, ValidityEndFrom: now, ValidityEndBefore: soon}},
				{&out.Expired, x509.CertFilter{Revoked: &no, ValidityEndBefore: now}},
			} {
				found, err := h.a.Certs.List(r.Context(), r.ReadScope(), f.filter, wispwright.Page{Limit: 1})
				if err != nil {
					return out, err
				}
				*f.to = found.Total
			}
			for _, f := range []struct {
				to     *int
				filter x509.CAFilter
			}{
				{&out.Authorities, x509.CAFilter{Revoked: &no, ValidityEndFrom: now}},
				{&out.CAsSoon, x509.CAFilter{Revoked: &no, ValidityEndFrom: now, ValidityEndBefore: soon}},
			} {
				found, err := h.a.CAs.List(r.Context(), r.ReadScope(), f.filter, wispwright.Page{Limit: 1})
				if err != nil {
					return out, err
				}
				*f.to = found.Total
			}
			return out, nil
		}))
}
