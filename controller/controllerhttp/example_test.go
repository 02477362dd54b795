package controllerhttp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/tenancy"
)

// A controller for unmodified agents in a few lines: registration and the
// first poll of a device. Everything is kept in memory.
func ExampleNewProtocol() {
	ctx := context.Background()
	tx, tenants := tenancy.NewMemory()
	t, err := tenancy.New(tx, tenants, nil)
	if err != nil {
		log.Fatal(err)
	}
	c, err := controller.New(tx, controller.NewMemory(tx), render.New(nil), t.Organizations, nil)
	if err != nil {
		log.Fatal(err)
	}
	c.Attach(t.Organizations)
	org := &tenancy.Organization{Name: "acme", IsActive: true}
	if err := t.Organizations.Create(ctx, org); err != nil {
		log.Fatal(err)
	}
	if _, err := c.Settings.Update(ctx, wispwright.ScopeAll(), org.ID, func(s *controller.Settings) error {
		s.SharedSecret = "s3cr3tS3cr3t"
		return nil
	}); err != nil {
		log.Fatal(err)
	}
	handler := controllerhttp.NewProtocol(c.Agents, nil)

	form := url.Values{"backend": {"netjsonconfig.OpenWrt"}, "secret": {"s3cr3tS3cr3t"}, "key": {"b50699cfa1ab8039287f3727d627c511"},
		"name": {"ap1"}, "mac_address": {"00:11:22:AA:BB:CC"}}
	r := httptest.NewRequest("POST", "/controller/register/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	lines := strings.Split(answer.Body.String(), "\n")
	fmt.Println(answer.Code, lines[0])
	fmt.Println(lines[2])
	fmt.Println(lines[4])

	uuid := strings.TrimPrefix(lines[1], "uuid: ")
	answer = httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/controller/checksum/"+uuid+"/?key=b50699cfa1ab8039287f3727d627c511", nil))
	fmt.Println(answer.Code, len(answer.Body.String()), "characters")
	// Output:
	// 201 registration-result: success
	// key: b50699cfa1ab8039287f3727d627c511
	// is-new: 1
	// 200 32 characters
}
