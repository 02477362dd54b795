//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

// failing is the device whose test of every configuration fails, so that
// somebody has to be told.
const failing = "box-4"

// receiver takes what the webhook of the demo is told.
type receiver struct {
	url string

	mu     sync.Mutex
	secret wispwright.Secret
	events []string // with the names of devices
}

// listen starts the receiver on a port that is free.
func (r *receiver) listen() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	r.url = "http://" + l.Addr().String() + "/"
	s := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // until the demo ends
	return nil
}

// ServeHTTP takes an event whose signature fits.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, q.Body, 1<<20))
	r.mu.Lock()
	defer r.mu.Unlock()
	var e struct {
		Type string
		Data struct{ Title string }
	}
	if err != nil || webhooks.Verify(r.secret, q.Header, text, time.Now()) != nil || json.Unmarshal(text, &e) != nil {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	r.events = append(r.events, e.Type+" "+e.Data.Title)
}

func (r *receiver) got(event, device string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if strings.HasPrefix(e, webhooks.TypePrefix+event+" ") && strings.Contains(e, device) {
			return true
		}
	}
	return false
}

// subscribe makes the webhook.
func (d *demo) subscribe() error {
	var made struct{ Secret string }
	err := d.api.call("POST", "/api/v1/notifications/webhook/", object{
		"organization": nil, "name": "Demo", "url": d.receiver.url, "events": []string{"device.registered", "configuration.applied", "configuration.failed"},
	}, &made)
	d.receiver.mu.Lock()
	defer d.receiver.mu.Unlock()
	d.receiver.secret = wispwright.Secret(made.Secret)
	return err
}

// ways are how somebody is told of the device that fails.
var ways = []string{"notification", "e-mail", "webhook"}

// told says by which ways it was told already.
func (d *demo) told() (map[string]bool, error) {
	out := map[string]bool{"webhook": d.receiver.got("configuration.failed", failing)}
	var list struct{ Results []struct{ Message string } }
	if err := d.api.call("GET", "/api/v1/notifications/notification/?level=error", nil, &list); err != nil {
		return nil, err
	}
	for _, n := range list.Results {
		if strings.Contains(n.Message, failing) {
			out["notification"] = true
		}
	}
	mails, err := filepath.Glob(filepath.Join(d.dir, "data", "outbox", "*"))
	if err != nil {
		return nil, err
	}
	for _, name := range mails {
		text, err := os.ReadFile(name)
		if err == nil && strings.Contains(string(text), `ERROR: "`+failing+`"`) {
			out["e-mail"] = true
		}
	}
	return out, nil
}

// showTold prints what came on top, and says whether all of it is there.
func (d *demo) showTold(said map[string]bool, since time.Duration) (all bool, err error) {
	now, err := d.told()
	if err != nil {
		return false, err
	}
	all = true
	for _, way := range ways {
		if now[way] && !said[way] {
			said[way] = true
			fmt.Printf("  %5.1f s  %-8s told by %s\n", since.Seconds(), failing, way)
		}
		all = all && said[way]
	}
	return all, nil
}
