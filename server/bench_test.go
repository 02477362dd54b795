package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// BenchmarkServer measures requests through everything but the network, over
// 200 devices of one organization.
func BenchmarkServer(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkServer(b, testkit.SQLite(b)) })
	b.Run("postgresql", func(b *testing.B) { benchmarkServer(b, testkit.Postgres(b)) })
}

func benchmarkServer(b *testing.B, db *sqlstore.DB) {
	c, all := parts(b)
	require.NoError(b, server.Migrate(b.Context(), db, nil))
	s, err := server.New(b.Context(), db, &server.Options{Config: c.Config, Concerns: all, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Stop(context.Background())) })
	require.NoError(b, s.LoadData(b.Context(), strings.NewReader(`{"organizations":[{"name":"Acme","slug":"acme","shared_secret":"s3cr3tS3cr3t","registration_enabled":true}],
		"users":[{"username":"root","token":"0123456789abcdef0123456789abcdef01234567","is_superuser":true,"is_staff":true}]}`)))
	ask := func(b *testing.B, method, path, body string, want int) []byte {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.RemoteAddr = "127.0.0.1:5000"
		if body != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if strings.HasPrefix(path, "/api/") {
			r.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef01234567")
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	registered := 0
	register := func(b *testing.B) {
		registered++
		ask(b, http.MethodPost, "/controller/register/", url.Values{
			"backend": {"netjsonconfig.OpenWrt"}, "secret": {"s3cr3tS3cr3t"}, "name": {fmt.Sprintf("dev-%06d", registered)},
			"mac_address": {fmt.Sprintf("02:00:00:%02X:%02X:%02X", registered>>16, registered>>8&0xff, registered&0xff)},
		}.Encode(), http.StatusCreated)
	}
	for range 200 {
		register(b)
	}
	var list struct{ Results []struct{ ID, Key string } }
	require.NoError(b, json.Unmarshal(ask(b, http.MethodGet, "/api/v1/controller/device/?page_size=100", "", 200), &list))
	device := func(n int) struct{ ID, Key string } { return list.Results[n%len(list.Results)] }
	for _, m := range []struct {
		name string
		path func(n int) string
	}{
		{"checksum", func(n int) string { return "/controller/checksum/" + device(n).ID + "/?key=" + device(n).Key }},
		{"download", func(n int) string { return "/controller/download-config/" + device(n).ID + "/?key=" + device(n).Key }},
		{"list10", func(int) string { return "/api/v1/controller/device/" }},
		{"list100", func(int) string { return "/api/v1/controller/device/?page_size=100" }},
		{"detail", func(n int) string { return "/api/v1/controller/device/" + device(n).ID + "/" }},
	} {
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				ask(b, http.MethodGet, m.path(n), "", http.StatusOK)
			}
		})
	}
	b.Run("register", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			register(b)
		}
	})
}
