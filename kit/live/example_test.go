package live_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/coder/websocket"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/live"
)

// A topic in ten lines, and a page that listens.
func Example() {
	ctx := context.Background()
	hub, err := live.NewHub(ctx, &bus{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hub.Close()
	server := httptest.NewServer(hub.Topic(live.Topic{
		Name: "ticket",
		Open: func(_ context.Context, r *http.Request, _ *wispwright.Caller) (*live.Session, error) {
			return &live.Session{Groups: []string{r.URL.Query().Get("room")}}, nil
		},
	}))
	defer server.Close()

	page, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(server.URL, "http")+"?room=42", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub.Publish(ctx, live.Event{Topic: "ticket", Group: "42", Payload: "ticket 7 was answered"})
	_, text, err := page.Read(ctx)
	fmt.Println(string(text), err)
	// Output: ticket 7 was answered <nil>
}
