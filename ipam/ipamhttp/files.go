package ipamhttp

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/rest"
)

type importIn struct {
	File   rest.Opt[rest.File] `json:"csvfile" required:"true"`
	DryRun rest.Opt[bool]      `json:"dry_run" help:"try everything, store nothing"`
}

// importOut is what clients know, and what an import did.
type importOut struct {
	Detail string `json:"detail"`
	// Report is there for dry runs.
	Report *reportOut `json:"report,omitempty"`
}

type reportOut struct {
	Subnet       string        `json:"subnet"`
	Name         string        `json:"name"`
	Organization wispwright.ID `json:"organization"`
	Created      bool          `json:"created"`
	Added        int           `json:"added"`
	Existing     int           `json:"existing"`
}

// importFailure is what an import is refused with; Errors are there for faulty
// rows, all of them.
type importFailure struct {
	Error  string   `json:"error"`
	Errors []rowOut `json:"errors,omitempty"`
}

type rowOut struct {
	Row     int    `json:"row"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

const importForbidden = "You do not have permission to import data into this organization"

// mountFiles adds export and import (spec: ipam §2.5, §2.6).
func (h *HTTP) mountFiles(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/subnet/{id}/export/", Name: "Export Subnet", Tag: tag, Kind: subnetKind, Prepare: h.exportable,
	}, rest.Op{Method: http.MethodPost, ID: "ipam_subnet_export", Summary: "A subnet and its addresses as a file", Handle: h.export,
		Doc: rest.Doc{Answers: map[int]rest.DocAnswer{http.StatusOK: {Description: "the file", ContentType: "text/csv"}}, Query: map[string]string{"type": "csv (default) or xlsx"}}})
	api.Mount(&rest.View{
		Path: "/api/v1/ipam/import-subnet/", Name: "Import Subnet", Tag: tag, Kind: subnetKind, Prepare: h.admit, BodyLimit: h.limit,
	}, rest.Action(http.MethodPost, "ipam_import_subnet_create", http.StatusOK, h.importFile))
}

// exportable: reading a shared subnet as a file changes nothing of it.
func (h *HTTP) exportable(r *rest.Request) error {
	if err := h.admit(r); err != nil {
		return err
	}
	if _, err := h.m.Subnets.Get(r.Context(), r.ReadScope(), r.ID("id")); err != nil {
		return err
	}
	return nil
}

func (h *HTTP) export(r *rest.Request) (int, any, error) {
	name := r.Query().Get("type")
	if name == "" {
		name = "csv"
	}
	format, err := h.m.FormatNamed(name)
	if err != nil {
		return 0, nil, wispwright.Invalid("type", err.Error())
	}
	var b bytes.Buffer
	if err := h.m.Export(r.Context(), r.ReadScope(), r.ID("id"), format, &b); err != nil {
		return 0, nil, err
	}
	r.ResponseHeader().Set("Content-Disposition", `attachment; filename="ip_address`+format.Extension()+`"`)
	return http.StatusOK, rest.Raw{ContentType: format.ContentType(), Body: b.Bytes()}, nil
}

func (h *HTTP) importFile(r *rest.Request, in *importIn) (importOut, error) {
	format, err := h.m.Format(in.File.V.Filename)
	if err != nil {
		return importOut{}, refused(err.Error())
	}
	file, err := in.File.V.Open()
	if err != nil {
		return importOut{}, err
	}
	defer file.Close() // it was read
	report, err := h.m.Import(r.Context(), file, format, &ipam.ImportOptions{DryRun: in.DryRun.Or(false), Allow: func(_ context.Context, organization wispwright.ID) error {
		if r.WriteScope().Allows(organization) {
			return nil
		}
		return wispwright.Forbidden(importForbidden)
	}})
	if err != nil {
		return importOut{}, importError(r, err)
	}
	if !in.DryRun.Or(false) {
		return importOut{Detail: "Data imported successfully."}, nil
	}
	n := report.Subnet
	return importOut{Detail: "Nothing was stored.", Report: &reportOut{n.Subnet.String(), n.Name, n.OrganizationID, report.Created, report.Added, report.Existing}}, nil
}

func refused(message string) error {
	return &rest.Failure{Status: http.StatusBadRequest, Body: importFailure{Error: message}}
}

// importError puts an error of an import into the forms that clients know.
func importError(r *rest.Request, err error) error {
	var (
		format  *ipam.FormatError
		head    *ipam.HeadError
		unknown *ipam.UnknownOrganizationError
		rows    *ipam.RowsError
		invalid *wispwright.ValidationError
	)
	switch {
	case errors.As(err, &rows):
		body := importFailure{Errors: make([]rowOut, len(rows.Rows))}
		for i, row := range rows.Rows {
			body.Errors[i] = rowOut{row.Row, row.Field, row.Message}
		}
		body.Error = rows.Rows[0].Message
		if !strings.HasPrefix(body.Error, "'") {
			body.Error = "{" + repr(rows.Rows[0].Field) + ": [" + repr(body.Error) + "]}"
		}
		return &rest.Failure{Status: http.StatusBadRequest, Body: body}
	case errors.As(err, &unknown):
		if r.Caller.Superuser {
			return refused(unknown.Error())
		}
		return rest.Fail(http.StatusBadRequest, unknown.Error())
	case errors.As(err, &head):
		switch {
		case head.Missing && !r.Caller.Superuser:
			return rest.Fail(http.StatusBadRequest, "Invalid data format")
		case head.Missing:
			return refused(head.Message)
		}
		return refused("[" + repr(head.Message) + "]")
	case errors.As(err, &format):
		return refused(format.Reason)
	case errors.As(err, &invalid):
		parts := make([]string, len(invalid.Fields))
		for i, f := range invalid.Fields {
			messages := make([]string, len(f.Messages))
			for j, m := range f.Messages {
				messages[j] = repr(m)
			}
			name := f.Path
			if name == "" {
				name = "__all__"
			}
			parts[i] = repr(name) + ": [" + strings.Join(messages, ", ") + "]"
		}
		return refused("{" + strings.Join(parts, ", ") + "}")
	}
	return err
}

// repr is a text as the original shows it within its errors.
func repr(text string) string {
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", `\'`) + "'"
}
