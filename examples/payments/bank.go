package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// bank is one that takes no money: people press a button. It stands for a provider of
// payments, of which none is to be asked by an example.
type bank struct {
	key   string
	at    string
	lock  sync.Mutex
	taken map[string]*order
}

func newBank() *bank { return &bank{key: rand.Text(), taken: map[string]*order{}} }

// open serves the bank at an address of this machine alone, as long as the program runs.
func (b *bank) open() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b.at = "http://" + l.Addr().String()
	s := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // it ends with the program
	return nil
}

// counter is where people pay.
var counter = template.Must(template.New("counter").Parse(`<!doctype html><title>The bank</title><p>{{.Amount}} {{.Currency}}</p>
<form method="post"><button name="state" value="paid">Pay</button> <button name="state" value="refused">Do not pay</button></form>`))

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.lock.Lock()
	defer b.lock.Unlock()
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case strings.HasPrefix(r.URL.Path, "/pay/") && r.Method == http.MethodPost && b.taken[id] != nil:
		b.taken[id].State = r.FormValue("state")
		http.Redirect(w, r, b.taken[id].Return+id, http.StatusSeeOther)
	case strings.HasPrefix(r.URL.Path, "/pay/") && b.taken[id] != nil:
		_ = counter.Execute(w, b.taken[id]) // the browser went away
	case r.Header.Get("Authorization") != "Bearer "+b.key:
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case r.URL.Path == "/payment" && r.Method == http.MethodPost:
		o := &order{}
		if err := json.NewDecoder(r.Body).Decode(o); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		o.ID = fmt.Sprintf("p%d", len(b.taken)+1)
		o.URL, o.State = b.at+"/pay/"+o.ID, "open"
		b.taken[o.ID] = o
		_ = json.NewEncoder(w).Encode(o) // the till went away
	case strings.HasPrefix(r.URL.Path, "/payment/") && b.taken[id] != nil:
		_ = json.NewEncoder(w).Encode(b.taken[id]) // as above
	default:
		http.NotFound(w, r)
	}
}
