package topologyhttp

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/netdiff"
	"github.com/wispwright/wispwright/topology"
)

// KeyHeader carries the key of a sender that does not want it in addresses.
const KeyHeader = "X-Topology-Key"

// mountReceive adds what senders post to (spec: topology §2.5). Who sends is
// proved by the topology's key, so that callers are not looked at.
func (h *HTTP) mountReceive(api *rest.API) {
	api.Mount(&rest.View{
		Path: Base + "topology/{id}/receive/", Name: "Receive Topology", Noun: "Topology", Tag: tag, Access: rest.Anonymous, StrictIDs: true, BodyLimit: h.o.BodyLimit, Parses: []string{"text/plain"},
		Description: "Data of a topology with the strategy RECEIVE, as the routing daemon or VPN server prints them, in a body of text/plain.",
	}, rest.Documented[rest.None, rest.Detail](http.StatusOK, rest.Op{
		Method: http.MethodPost, ID: "network_topology_topology_receive", Summary: "Receive data", Handle: h.receive,
		Also: []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge},
		Doc:  rest.Doc{Query: map[string]string{"key": "the topology's key; or the header " + KeyHeader}},
	}))
}

func (h *HTTP) receive(r *rest.Request) (int, any, error) {
	t, err := h.s.Topologies.Get(r.Context(), wispwright.ScopeAll(), r.ID("id"))
	if err == nil && (!t.Published || t.Strategy != topology.Receive) {
		err = wispwright.ErrNotFound
	}
	if err != nil {
		return 0, nil, err
	}
	if media, _, err := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type")); err != nil || media != "text/plain" {
		return 0, nil, rest.Fail(http.StatusUnsupportedMediaType, `expected content type "text/plain"`)
	}
	key := r.Query().Get("key")
	if key == "" {
		key = r.HTTP.Header.Get(KeyHeader)
	}
	switch {
	case key == "":
		return 0, nil, rest.Fail(http.StatusBadRequest, `missing required "key" parameter`)
	case !t.Key.Equal(key):
		return 0, nil, rest.Fail(http.StatusForbidden, "wrong key")
	}
	data, err := io.ReadAll(r.HTTP.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return 0, nil, err
	case err != nil:
		return 0, nil, rest.Fail(http.StatusBadRequest, "The body ended before its time.")
	}
	_, err = h.s.Receive(r.Context(), t, data)
	var format *topology.FormatError
	switch {
	case errors.As(err, &format):
		return 0, nil, rest.Fail(http.StatusBadRequest, format.Error())
	case errors.Is(err, topology.ErrTooMany):
		return 0, nil, rest.Fail(http.StatusBadRequest, "The topology would have too many nodes or links.")
	case err != nil:
		return 0, nil, err
	}
	return http.StatusOK, rest.Detail{Detail: "data received successfully"}, nil
}

// fetchFault is what people are told whose fetch failed.
func (h *HTTP) fetchFault(err error) error {
	var format *topology.FormatError
	var retrieval *netdiff.RetrievalError
	if errors.As(err, &format) || errors.As(err, &retrieval) || errors.Is(err, topology.ErrTooMany) {
		return wispwright.Invalid("url", topology.FetchFault(err))
	}
	return err
}
