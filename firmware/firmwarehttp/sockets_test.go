package firmwarehttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/kit/live"
)

// A socket opens to superusers and to staff that may see upgrades of the organization,
// and to nobody else; what is asked on it is answered in the forms of additions F-3.
func TestSockets(t *testing.T) {
	w := newWire(t, nil, nil)
	id := w.world.Device(1)
	single := w.set(id, w.world.Images[0], "")["upgrade_operation"].(map[string]any)["id"].(string)
	w.run()
	batch := w.told(201, "ann", "POST", w.build(1)+"upgrade/", `{}`)["batch"].(string)
	w.run()
	operation, mass, device := w.http.Topics()
	open := func(topic live.Topic, path, who string) (*live.Session, error) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		return topic.Open(t.Context(), r, w.callers[who])
	}
	for _, c := range []struct {
		topic      live.Topic
		path, base string
		frames     int
		says       string
	}{
		{operation, firmwarehttp.OperationSocket + single + "/", firmwarehttp.OperationSocket, 1, `"type":"operation_update"`},
		{mass, firmwarehttp.BatchSocket + batch + "/", firmwarehttp.BatchSocket, 1, `{"type":"batch_state","batch_status":{"status":"success","completed":1,"total":1,"pending":0},"operations":[{"id":`},
		{device, firmwarehttp.DeviceSocket + id.String() + "/", firmwarehttp.DeviceSocket, 2, `"type":"operation_update"`},
	} {
		for who, want := range map[string]error{"": wispwright.ErrUnauthenticated, "late": wispwright.ErrUnauthenticated, "blind": wispwright.ErrForbidden, "member": wispwright.ErrForbidden, "bob": wispwright.ErrNotFound} {
			_, err := open(c.topic, c.path, who)
			require.ErrorIs(t, err, want, "%s at %s", who, c.path)
		}
		for _, end := range []string{"", "x/", wispwright.NewID().String() + "/"} {
			_, err := open(c.topic, c.base+end, "ann")
			require.ErrorIs(t, err, wispwright.ErrNotFound, c.base+end)
		}
		for _, who := range []string{"root", "ann", "viewer"} {
			s, err := open(c.topic, c.path, who)
			require.NoError(t, err)
			frames := s.ReceiveMany(t.Context(), []byte(`{"type":"request_current_state"}`))
			require.Len(t, frames, c.frames)
			require.Contains(t, string(frames[0]), c.says)
			require.Contains(t, string(frames[0]), `"progress":100`)
			for _, noise := range []string{`{"type":"other"}`, `nonsense`, `[]`} {
				require.Empty(t, s.ReceiveMany(t.Context(), []byte(noise)))
			}
		}
	}
	// what events name is read anew; what is gone, or was never ours, is told to nobody
	for _, c := range []struct {
		topic live.Topic
		event live.Event
		says  string
	}{
		{operation, live.Event{Payload: single}, `"type":"operation_update"`},
		{mass, live.Event{Group: batch}, `{"type":"batch_status","status":"success","completed":1,"total":1,"pending":0,"timestamp":`},
		{mass, live.Event{Group: batch, Payload: single}, `{"type":"operation_progress","operation_id":"` + single + `","status":"success","progress":100,`},
		{operation, live.Event{Payload: "x"}, ""}, {operation, live.Event{Payload: wispwright.NewID().String()}, ""}, {mass, live.Event{Group: "x"}, ""},
		{mass, live.Event{Group: wispwright.NewID().String()}, ""}, {mass, live.Event{Group: batch, Payload: "x"}, ""}, {mass, live.Event{Group: batch, Payload: wispwright.NewID().String()}, ""},
	} {
		v, err := c.topic.Load(t.Context(), c.event)
		require.NoError(t, err)
		if c.says == "" {
			require.Nil(t, v)
			continue
		}
		require.Contains(t, string(v.([]byte)), c.says)
	}
	// one that was asked when its operation was deleted says that it does not know
	s, err := open(operation, firmwarehttp.OperationSocket+single+"/", "ann")
	require.NoError(t, err)
	w.told(204, "ann", "DELETE", at+"upgrade-operation/"+single+"/", "")
	require.JSONEq(t, `{"type":"error","message":"The state cannot be read."}`, string(s.ReceiveMany(t.Context(), []byte(`{"type":"request_current_state"}`))[0]))
	b, err := open(mass, firmwarehttp.BatchSocket+batch+"/", "ann")
	require.NoError(t, err)
	w.told(204, "ann", "DELETE", batches+batch+"/", "")
	require.JSONEq(t, `{"type":"error","message":"The state cannot be read."}`, string(b.ReceiveMany(t.Context(), []byte(`{"type":"request_current_state"}`))[0]))
}

// A device gets an image with a ticket and with nothing else, also from the middle.
func TestPull(t *testing.T) {
	now := time.Now()
	tickets := firmwarehttp.NewTickets("a secret", func() time.Time { return now })
	w := newWire(t, func(o *firmware.Options) { o.Link = tickets.Link }, nil)
	pull := w.http.Pull(tickets)
	get := func(method, path, part string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Range", part)
		a := httptest.NewRecorder()
		pull.ServeHTTP(a, r)
		return a
	}
	link := tickets.Link(w.world.Images[0])
	require.Equal(t, firmwaretest.Content, get("GET", link, "").Body.String())
	a := get("GET", link, "bytes=9-")
	require.Equal(t, []any{206, firmwaretest.Content[9:]}, []any{a.Code, a.Body.String()})
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, get("GET", link, "bytes=2000-").Code)
	require.Empty(t, get("HEAD", link, "").Body.String())
	require.Equal(t, http.StatusMethodNotAllowed, get("POST", link, "").Code)
	for _, path := range []string{firmwarehttp.PullPath, firmwarehttp.PullPath + "x/", link[:len(link)-3] + "xx/", firmwarehttp.PullPath + url.PathEscape(w.world.Images[1].ID.String()) + link[len(firmwarehttp.PullPath)+36:]} {
		require.Equal(t, http.StatusForbidden, get("GET", path, "").Code, path)
	}
	require.NoError(t, w.world.Service.Images.Delete(t.Context(), wispwright.ScopeAll(), w.world.Images[0].ID))
	require.Equal(t, http.StatusNotFound, get("GET", link, "").Code)
	now = now.Add(3 * time.Hour)
	require.Equal(t, http.StatusForbidden, get("GET", link, "").Code, "it has run out")
}
