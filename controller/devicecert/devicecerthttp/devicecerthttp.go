// Package devicecerthttp serves what certificates devices have by template
// (additions: C-11).
package devicecerthttp

import (
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/devicecert"
	"github.com/wispwright/wispwright/kit/rest"
)

// HTTP is the concern's part of an API.
type HTTP struct {
	s *devicecert.Certificates
	c *controller.Controller
}

// New returns the HTTP side of the concern.
func New(s *devicecert.Certificates, c *controller.Controller) (*HTTP, error) {
	if s == nil || c == nil {
		return nil, errors.New("devicecerthttp: the concern and the controller are required")
	}
	return &HTTP{s, c}, nil
}

// certificateOut is what a device has because of a template, without the key.
type certificateOut struct {
	ID            wispwright.ID `json:"id"`
	Template      wispwright.ID `json:"template"`
	TemplateName  string        `json:"template_name"`
	AutoCert      bool          `json:"auto_cert"`
	Cert          *int64        `json:"cert"`
	CommonName    string        `json:"common_name"`
	SerialNumber  string        `json:"serial_number"`
	ValidityStart *rest.Time    `json:"validity_start"`
	ValidityEnd   *rest.Time    `json:"validity_end"`
	Revoked       bool          `json:"revoked"`
	Created       rest.Time     `json:"created"`
	Modified      rest.Time     `json:"modified"`
}

// Mount adds the endpoint to an API.
func (h *HTTP) Mount(api *rest.API) {
	rest.Mount(api, rest.Resource[wispwright.ID, devicecert.Certificate, devicecert.Filter, rest.None, certificateOut]{
		Path: "/api/v1/controller/device/{id}/certificate/", Only: rest.List, Name: "Device Certificate", Noun: "Device", ID: "controller_device_certificate",
		Tag: "controller", Kind: "config.device", Service: h.s, Out: h.out,
		Prepare: func(r *rest.Request) error {
			_, err := h.c.Devices.Get(r.Context(), r.ReadScope(), r.ID("id"))
			return err
		},
		Within: func(r *rest.Request, f *devicecert.Filter) error { f.DeviceID = r.ID("id"); return nil },
	})
}

func (h *HTTP) out(r *rest.Request, rows []*devicecert.Certificate) ([]certificateOut, error) {
	certs, err := h.s.Issued(r.Context(), rows...)
	if err != nil {
		return nil, err
	}
	ids := make([]wispwright.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.TemplateID
	}
	found, err := h.c.Templates.List(r.Context(), r.ReadScope(), controller.TemplateFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	names := map[wispwright.ID]string{}
	for _, t := range found.Rows {
		names[t.ID] = t.Name
	}
	out := make([]certificateOut, len(rows))
	for i, row := range rows {
		out[i] = certificateOut{ID: row.ID, Template: row.TemplateID, TemplateName: names[row.TemplateID], AutoCert: row.AutoCert, Cert: rest.Null(row.CertID),
			Created: rest.Time(row.Created), Modified: rest.Time(row.Modified)}
		if cert := certs[row.CertID]; cert != nil {
			start, end := rest.Time(cert.ValidityStart), rest.Time(cert.ValidityEnd)
			out[i].CommonName, out[i].SerialNumber, out[i].Revoked, out[i].ValidityStart, out[i].ValidityEnd = cert.CommonName, cert.SerialNumber, cert.Revoked, &start, &end
		}
	}
	return out, nil
}
