package server

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server/admin"
)

// pages are the visualizer's pages: the list of topologies at
// /topology/, one at /topology/topology/ID/. What they show is read through the
// API; here it is decided who gets a page (spec: topology §5).
func (c *TopologyConcern) pages(h *Host) http.Handler {
	page := admin.Page("topology.html")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := h.API().Caller(r)
		if err != nil {
			caller = nil // a token that is no more is nobody's
		}
		refuse := func(status int, text string) {
			w.Header().Set("X-Content-Type-Options", "nosniff")
			http.Error(w, text, status)
		}
		rest := strings.TrimPrefix(r.URL.Path, "/topology/")
		public := !c.Config.AuthRequired
		may := caller != nil && caller.Restricted == "" && (caller.Can("topology.view_topology") || caller.Can("topology.change_topology"))
		switch {
		case !public && caller == nil:
			refuse(http.StatusForbidden, "Authentication credentials were not provided.")
			return
		case !public && !may:
			refuse(http.StatusForbidden, "You do not have permission to perform this action.")
			return
		case rest == "":
			page.ServeHTTP(w, r)
			return
		}
		text, one := strings.CutPrefix(rest, "topology/")
		id, err := wispwright.ParseID(strings.TrimSuffix(text, "/"))
		if !one || err != nil {
			refuse(http.StatusNotFound, "Not found.")
			return
		}
		t, err := c.Topologies.Get(r.Context(), everyone(), id)
		switch {
		case errors.Is(err, wispwright.ErrNotFound), err == nil && !t.Published:
			refuse(http.StatusNotFound, "Not found.")
		case err != nil:
			h.Log().ErrorContext(r.Context(), "the page of a topology cannot be shown", "topology", id, "error", err)
			refuse(http.StatusServiceUnavailable, "Temporarily unavailable, try again later.")
		case !public && !caller.ReadScope().Allows(t.OrganizationID):
			refuse(http.StatusForbidden, "User is not a manager of the organization to which the requested resource belongs.")
		case !strings.HasSuffix(r.URL.Path, "/"):
			http.Redirect(w, r, r.URL.Path+"/", http.StatusMovedPermanently)
		default:
			page.ServeHTTP(w, r)
		}
	})
}
