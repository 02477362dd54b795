package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/wispwright/wispwright/server"
)

// A vendor's server: everything there is, and an endpoint of its own.
func Example() {
	if err := vendor(); err != nil {
		fmt.Println(err)
	}
	// Output: hello, technician
}

func vendor() error {
	ctx := context.Background()
	config := server.DefaultConfig()
	dir, err := os.MkdirTemp("", "vendor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config.Data = dir

	mine := server.Concern{Name: "mine", Mount: func(_ context.Context, s *server.Server) error {
		s.API().Handle("/vendor/hello/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "hello, technician")
		}))
		return nil
	}}
	concerns := append(server.DefaultConcerns(), mine)

	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := server.Migrate(ctx, db, concerns); err != nil {
		return err
	}
	s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: concerns, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	// s.Serve(ctx) would listen; a test asks directly
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/vendor/hello/", nil))
	fmt.Println(w.Body)
	return s.Stop(ctx)
}
