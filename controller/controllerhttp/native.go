package controllerhttp

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/rest"
	njc "github.com/wispwright/wispwright/netjsonconfig"
)

// nativeIn is what a device has: its configuration as text, or the archive that
// its backup is.
type nativeIn struct {
	Backend rest.Opt[string]    `json:"backend" required:"true" maxLength:"128"`
	Native  rest.Opt[string]    `json:"native" blank:"true" trim:"false" help:"the configuration as text, such as uci export writes it"`
	File    rest.Opt[rest.File] `json:"file" help:"instead of it: a file with the text, or an archive, such as sysupgrade -b writes"`
}

// nativeOut is the configuration as it is edited here, and what became of the
// rest.
type nativeOut struct {
	Config wispwright.JSON `json:"config" doc:"what a device or template may have as its configuration"`
	// Notes never hold values: those may be secrets.
	Notes []njc.ParseNote `json:"notes" doc:"what was kept word by word (raw), is written otherwise to the same effect (changed), or was left out because nothing acts on it (dropped)"`
	More  int             `json:"more" doc:"notes beyond those"`
}

// mountNative adds the reader of native configurations, which stores nothing.
func (h *HTTP) mountNative(api *rest.API) {
	if h.options.Reader == nil {
		return
	}
	api.Mount(&rest.View{Path: "/api/v1/controller/native/", Name: "Native Configuration", Tag: "controller"},
		rest.Action("POST", "controller_native_read", http.StatusOK, h.readNative, http.StatusTooManyRequests))
}

func (h *HTTP) readNative(r *rest.Request, in *nativeIn) (nativeOut, error) {
	if !mayPreview(r) {
		return nativeOut{}, wispwright.ErrForbidden
	}
	var v wispwright.ValidationError
	h.checkBackend(&v, "backend", in.Backend)
	switch {
	case in.Native.Set && in.File.Set:
		v.Add("file", "Give the text or a file, not both.")
	case !in.Native.Set && !in.File.Set:
		v.Add("native", "This field is required.")
	}
	if err := v.Err(); err != nil {
		return nativeOut{}, err
	}
	// an archive becomes much larger than it came, as previews do
	done, err := h.previews.enter(r.Context(), r.Caller.ID)
	if err != nil {
		return nativeOut{}, err
	}
	defer done()
	field, native := "native", []byte(in.Native.V)
	if in.File.Set {
		field = "file"
		if native, err = uploaded(in.File.V); err != nil {
			return nativeOut{}, err
		}
	}
	return h.parseNative(r.Context(), in.Backend.V, field, native)
}

func (h *HTTP) parseNative(ctx context.Context, backend, field string, native []byte) (nativeOut, error) {
	read, err := h.options.Reader.Read(ctx, backend, native)
	var fault *render.Error
	switch {
	case errors.Is(err, render.ErrNotReadable):
		return nativeOut{}, wispwright.Invalid("backend", "Configurations of this backend cannot be read.")
	case errors.As(err, &fault):
		return nativeOut{}, wispwright.Invalid(field, fault.Message)
	case err != nil:
		return nativeOut{}, err
	}
	return nativeOut{Config: read.Config, Notes: append([]njc.ParseNote{}, read.Notes...), More: read.More}, nil
}

// uploaded is the whole file, which the limit of bodies bounds.
func uploaded(file rest.File) (data []byte, err error) {
	f, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(f)
}
