package geohttp

import (
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/geo"
)

// MediaPath is where the pictures of floor plans are served.
const MediaPath = mediaPath + "floorplans/"

// Media serves the pictures of floor plans at MediaPath. caller recognises who
// asks, where pictures are private; it may return nil for a stranger.
func (h *HTTP) Media(caller func(*http.Request) (*wispwright.Caller, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		p := h.pictured(r, caller)
		if p == nil {
			http.NotFound(w, r)
			return
		}
		body, err := h.g.FloorPlans.Open(r.Context(), p)
		if err != nil {
			if !isMissing(err) {
				h.log.ErrorContext(r.Context(), "the picture of a floor plan cannot be read", "floorplan", p.ID, "error", err)
				http.Error(w, "temporarily unavailable", http.StatusServiceUnavailable)
				return
			}
			http.NotFound(w, r)
			return
		}
		defer func() { _ = body.Close() }() // it was only read
		header := w.Header()
		header.Set("Content-Type", geo.MediaType(p.Image))
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		header.Set("Etag", `"`+strings.TrimPrefix(p.Blob, "floorplans/")+`"`)
		header.Set("Cache-Control", "private, no-cache") // asked for again each time, sent when it is another one
		http.ServeContent(w, r, "", body.Info().Modified, body)
	})
}

// pictured is the plan of a path, nil when there is none for the caller.
func (h *HTTP) pictured(r *http.Request, caller func(*http.Request) (*wispwright.Caller, error)) *geo.FloorPlan {
	name := strings.TrimPrefix(r.URL.Path, MediaPath)
	key, _, _ := strings.Cut(name, ".")
	id, err := wispwright.ParseID(key)
	if err != nil {
		return nil
	}
	scope := wispwright.ScopeAll()
	if h.options.PrivatePlans {
		c, err := caller(r)
		if err != nil || c == nil || c.Restricted != "" || !c.Can("geo.view_floorplan") && !c.Can("geo.change_floorplan") {
			return nil
		}
		scope = c.ReadScope()
	}
	p, err := h.g.FloorPlans.Get(r.Context(), scope, id)
	if err != nil || p.Image != "floorplans/"+name {
		return nil
	}
	return p
}
