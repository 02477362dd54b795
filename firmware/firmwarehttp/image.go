package firmwarehttp

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/kit/rest"
)

// buildNotFound is said of builds that are not there.
const buildNotFound = "build not found"

type imageIn struct {
	File     rest.Opt[rest.File] `json:"file" required:"true" maxLength:"255"`
	Type     rest.Opt[string]    `json:"type" required:"true" blank:"true" maxLength:"128" help:"firmware image type: model or architecture. Leave blank to attempt determining automatically"`
	Checksum rest.Opt[string]    `json:"checksum" blank:"true" maxLength:"64" help:"the SHA-256 that the file must have"`
}

type imageOut struct {
	ID       wispwright.ID `json:"id"`
	Created  rest.Time     `json:"created"`
	Modified rest.Time     `json:"modified"`
	File     string        `json:"file"`
	Type     string        `json:"type"`
	Build    wispwright.ID `json:"build"`
	imageDetails
}

// imageDetails are what the original does not have, or not yet (additions F-10).
type imageDetails struct {
	Size             int64    `json:"size"`
	Checksum         string   `json:"checksum"`
	ExtractionStatus string   `json:"extraction_status"`
	FailureReason    string   `json:"failure_reason"`
	Board            string   `json:"board"`
	Compatible       []string `json:"compatible"`
	Target           string   `json:"target"`
	Version          string   `json:"fw_version"`
	CompatVersion    string   `json:"compat_version"`
}

// build returns the build of the path: one that others have is there, but empty
// (spec: corrections).
func (h *HTTP) build(r *rest.Request) error {
	scope := everybody()
	if r.HTTP.Method == http.MethodPost {
		scope = r.WriteScope()
	}
	_, err := h.s.Builds.Get(r.Context(), scope, r.ID("build"))
	if missing(err) {
		return rest.Fail(http.StatusNotFound, buildNotFound)
	}
	return err
}

// mountImages adds the images of a build.
func (h *HTTP) mountImages(api *rest.API) {
	type filter = firmware.ImageFilter
	limit := h.s.MaxSize()
	if limit < 0 {
		limit = 1 << 40
	}
	limit += 1 << 20 // the rest of a form
	res := rest.Resource[wispwright.ID, firmware.Image, filter, imageIn, imageOut]{
		Path: Base + "build/{build}/image/", Name: "Firmware Image", ListName: "Firmware Image List", Noun: "FirmwareImage", ID: "firmware_upgrader_image", Tag: tag, Kind: imageKind, Throttle: h.throttle, StrictIDs: true,
		Only: rest.List | rest.Create | rest.Read | rest.Delete, BodyLimit: limit, Service: h.s.Images, Choices: map[string][]rest.Choice{"type": h.choices},
		Organization: func(i *firmware.Image) wispwright.ID { return i.OrganizationID }, Prepare: h.build,
		Within:  func(r *rest.Request, f *filter) error { f.BuildID = r.ID("build"); return nil },
		Belongs: func(r *rest.Request, i *firmware.Image) bool { return i.BuildID == r.ID("build") },
		Create:  h.createImage, Out: h.images,
		Filters: []rest.Filter[filter]{
			h.byType(func(f *filter, v string) { f.Type = v }),
			bySlug(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
		},
		Ordering: map[string]string{"type": "Type", "created": "Created", "modified": "Modified"},
		Unique:   map[string]error{firmware.UniqueImage: wispwright.Invalid("", "Firmware Image with this Build and Type already exists.")},
	}
	rest.Mount(api, res)
	api.Mount(&rest.View{Path: Base + "build/{build}/image/{id}/download/", Name: "Firmware Image Download", Tag: tag, Throttle: h.throttle, StrictIDs: true},
		rest.Op{Method: http.MethodGet, ID: "firmware_upgrader_image_download", Summary: "Download an image", Handle: h.download, Doc: rest.DocRaw("application/octet-stream", "the file of the image")})
	api.Mount(&rest.View{Path: Base + "build/{build}/image/{id}/confirm/", Name: "Firmware Image Confirmation", Tag: tag, Noun: "FirmwareImage", Kind: imageKind, Throttle: h.throttle, StrictIDs: true, Prepare: h.build},
		func() rest.Op {
			op := rest.Action(http.MethodPost, "firmware_upgrader_image_confirm", http.StatusOK, h.confirm)
			op.Permission, op.Summary = app+"change_firmwareimage", "Say that an image is good although it says that it is for other hardware"
			return op
		}())
}

// byType refuses types that nobody knows, but for those that images have.
func (h *HTTP) byType(set func(*firmware.ImageFilter, string)) rest.Filter[firmware.ImageFilter] {
	return rest.Filter[firmware.ImageFilter]{Name: "type", Help: "a type of images", Apply: func(r *rest.Request, f *firmware.ImageFilter, v string) error {
		if t := h.s.Types().Get(v); t != nil {
			v = t.Name
		} else if _, err := h.s.Images.First(r.Context(), r.ReadScope(), firmware.ImageFilter{Type: v}); missing(err) {
			return wispwright.Invalid("", "Select a valid choice. "+v+" is not one of the available choices.")
		} else if err != nil {
			return err
		}
		set(f, v)
		return nil
	}}
}

func (h *HTTP) createImage(r *rest.Request, in *imageIn) (*firmware.Image, error) {
	f, err := in.File.V.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return h.s.Images.Create(r.Context(), r.WriteScope(), r.ID("build"), firmware.File{Name: in.File.V.Filename, Type: in.Type.Or(""), Checksum: in.Checksum.Or(""), Body: f})
}

func (h *HTTP) images(r *rest.Request, rows []*firmware.Image) ([]imageOut, error) {
	out := make([]imageOut, len(rows))
	for i, o := range rows {
		out[i] = h.imageOut(r, o)
	}
	return out, nil
}

func (h *HTTP) imageOut(r *rest.Request, i *firmware.Image) imageOut {
	file := fmt.Sprintf("%sbuild/%s/image/%s/download/", Base, i.BuildID, i.ID)
	if h.o.BaseURL != "" {
		file = strings.TrimSuffix(h.o.BaseURL, "/") + file
	} else {
		file = r.URL(file)
	}
	m := i.Metadata
	compatible := m.Compatible
	if compatible == nil {
		compatible = []string{}
	}
	return imageOut{i.ID, rest.Time(i.Created), rest.Time(i.Modified), file, i.Type, i.BuildID, imageDetails{
		i.Size, i.Checksum, m.Status, m.Reason, m.Board, compatible, m.Target, m.Version, m.CompatVersion}}
}

func (h *HTTP) confirm(r *rest.Request, _ *rest.None) (imageOut, error) {
	i, err := h.s.Images.Get(r.Context(), r.WriteScope(), r.ID("id"))
	if err == nil && i.BuildID != r.ID("build") {
		err = wispwright.ErrNotFound
	}
	if err == nil {
		i, err = h.s.Images.Confirm(r.Context(), r.WriteScope(), i.ID)
	}
	if err != nil {
		return imageOut{}, err
	}
	return h.imageOut(r, i), nil
}

// may reports whether a caller may read the file of an image (additions F-8).
func may(c *wispwright.Caller, i *firmware.Image) bool {
	if c == nil || c.Restricted != "" {
		return false
	}
	return c.Superuser || c.Staff && (c.Can(app+"view_firmwareimage") || c.Can(app+"change_firmwareimage")) && c.ReadScope().Allows(i.OrganizationID)
}

func (h *HTTP) download(r *rest.Request) (int, any, error) {
	i, err := h.s.Images.Get(r.Context(), everybody(), r.ID("id"))
	if err == nil && i.BuildID != r.ID("build") {
		err = wispwright.ErrNotFound
	}
	if err != nil {
		return 0, nil, err
	}
	if !may(r.Caller, i) {
		return 0, nil, wispwright.Forbidden("Private storage access denied")
	}
	body, err := h.s.Images.Open(r.Context(), i)
	if err != nil {
		return 0, nil, err
	}
	header(r.ResponseHeader(), i)
	return http.StatusOK, rest.Stream{ContentType: mediaType(i), Modified: body.Info().Modified, Content: body}, nil
}

func header(header http.Header, i *firmware.Image) {
	header.Set("Content-Disposition", `inline; filename="`+i.Name()+`"`)
	header.Set("Cache-Control", "max-age=0, no-cache, must-revalidate, proxy-revalidate")
	header.Set("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
	header.Set("Etag", `"`+i.Checksum+`"`)
	header.Set("X-Content-Type-Options", "nosniff")
}

func mediaType(i *firmware.Image) string {
	switch ext := path.Ext(i.File); ext {
	case ".bin", "":
		return "application/octet-stream"
	case ".gz", ".img":
		return "application/octet-stream"
	default:
		if t := mime.TypeByExtension(ext); t != "" && !strings.HasPrefix(t, "text/") {
			return t
		}
	}
	return "application/octet-stream"
}

// FilesPath is where the original serves the files of images: a build, a slash and
// a name follow (spec: firmware §7.1).
const FilesPath = "/firmware/"

// Files serves images at FilesPath. caller recognises who asks; it may return nil
// for a stranger.
func (h *HTTP) Files(caller func(*http.Request) (*wispwright.Caller, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		c, err := caller(r)
		if err != nil || c == nil {
			http.Error(w, "Authentication credentials were not provided.", http.StatusUnauthorized)
			return
		}
		i, err := h.s.Images.ByFile(r.Context(), everybody(), strings.TrimPrefix(r.URL.Path, FilesPath))
		switch {
		case err == nil && !may(c, i), missing(err) && !c.Superuser:
			http.Error(w, "403 Forbidden", http.StatusForbidden)
			return
		case missing(err):
			http.NotFound(w, r)
			return
		case err != nil:
			h.unavailable(w, r, err)
			return
		}
		h.serve(w, r, i)
	})
}

// serve sends the file of an image.
func (h *HTTP) serve(w http.ResponseWriter, r *http.Request, i *firmware.Image) {
	body, err := h.s.Images.Open(r.Context(), i)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		http.NotFound(w, r)
		return
	case err != nil:
		h.unavailable(w, r, err)
		return
	}
	defer func() { _ = body.Close() }() // it was only read
	header(w.Header(), i)
	w.Header().Set("Content-Type", mediaType(i))
	http.ServeContent(w, r, "", body.Info().Modified, body)
}

func (h *HTTP) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	h.o.Log.ErrorContext(r.Context(), "the file of an image cannot be read", "path", r.URL.Path, "error", err)
	http.Error(w, "temporarily unavailable", http.StatusServiceUnavailable)
}
