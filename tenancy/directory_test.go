package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// directory knows passwords that the accounts do not.
type directory struct {
	tenancy *tenancy.Tenancy
	fault   error
}

// Authenticate implements tenancy.Authenticator.
func (d *directory) Authenticate(ctx context.Context, identifier, plain string) (*tenancy.User, error) {
	if d.fault != nil || plain != "directory" {
		return nil, d.fault
	}
	return d.tenancy.Users.ByUsername(ctx, wispwright.ScopeAll(), identifier)
}

// Passwords may be checked elsewhere too.
func ExampleAuthenticator() {
	d := &directory{}
	tx, stores := tenancy.NewMemory()
	t, err := tenancy.New(tx, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Authenticators: []tenancy.Authenticator{d}})
	if err != nil {
		log.Fatal(err)
	}
	d.tenancy = t
	ctx := context.Background()
	if err := t.Users.Create(ctx, &tenancy.User{Username: "alice", IsActive: true}, ""); err != nil {
		log.Fatal(err)
	}
	for _, plain := range []string{"directory", "wrong"} {
		u, err := t.Login.Attempt(ctx, "192.0.2.1", "alice", plain)
		fmt.Println(u != nil, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

func TestDirectories(t *testing.T) {
	d := &directory{}
	s := newTenancy(t, &tenancy.Options{Authenticators: []tenancy.Authenticator{d}})
	d.tenancy = s
	ctx := context.Background()
	require.NoError(t, s.Users.Create(ctx, &tenancy.User{Username: "on", Email: "on@example.org", IsActive: true}, "own"))
	require.NoError(t, s.Users.Create(ctx, &tenancy.User{Username: "off", Email: "off@example.org"}, "own"))
	for _, c := range []struct {
		name, plain string
		found       bool
	}{{"on", "own", true}, {"on", "directory", true}, {"off", "directory", false}, {"on", "", false}, {"", "directory", false}} {
		u, err := s.Login.Authenticate(ctx, c.name, c.plain)
		require.NoError(t, err)
		require.Equal(t, c.found, u != nil, c)
	}
	d.fault = errors.New("away")
	_, err := s.Login.Authenticate(ctx, "on", "directory")
	require.ErrorContains(t, err, "away")
	u, err := s.Login.Authenticate(ctx, "on", "own")
	require.NoError(t, err)
	require.NotNil(t, u, "one's own password needs no directory")
}
