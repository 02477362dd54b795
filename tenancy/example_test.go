package tenancy_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// An installation in a few lines: a tenant, its manager, and what the manager
// may do. Real programs leave the Hasher out and use package tenancysql.
func Example() {
	ctx := context.Background()
	tx, stores := tenancy.NewMemory()
	t, err := tenancy.New(tx, stores, &tenancy.Options{
		Models: []wispwright.Model{{App: "config", Name: "device", Label: "Device", Administrator: "ACD"}},
		Hasher: password.Hasher{Iterations: 1},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Groups.EnsureDefaults(ctx); err != nil {
		log.Fatal(err)
	}
	org := &tenancy.Organization{Name: "Ninux Roma", IsActive: true}
	alice := &tenancy.User{Username: "alice", Email: "alice@example.org", IsActive: true, IsStaff: true}
	if err := t.Organizations.Create(ctx, org); err != nil {
		log.Fatal(err)
	}
	if err := t.Users.Create(ctx, alice, "correct horse"); err != nil {
		log.Fatal(err)
	}
	if err := t.Memberships.Create(ctx, &tenancy.Membership{UserID: alice.ID, OrganizationID: org.ID, IsAdmin: true}); err != nil {
		log.Fatal(err)
	}
	administrator, err := t.Groups.ByName(ctx, tenancy.AdministratorGroup)
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Users.SetGroups(ctx, wispwright.ScopeAll(), alice.ID, []int64{administrator.ID}); err != nil {
		log.Fatal(err)
	}
	who, err := t.Login.Authenticate(ctx, "alice@example.org", "correct horse")
	if err != nil {
		log.Fatal(err)
	}
	caller, err := t.Callers.ByUser(ctx, who.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(org.Slug, caller.Name)
	fmt.Println("change devices:", caller.Can("config.change_device"))
	fmt.Println("own organization:", caller.WriteScope().Allows(org.ID))
	fmt.Println("shared objects:", caller.ReadScope().Shared(), caller.WriteScope().Shared())
	// Output:
	// ninux-roma alice
	// change devices: true
	// own organization: true
	// shared objects: true false
}

// A refused change says which field is wrong and leaves nothing behind.
func ExampleUsers_Create() {
	tx, stores := tenancy.NewMemory()
	t, err := tenancy.New(tx, stores, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Users.Create(context.Background(), &tenancy.User{Username: "a b", PhoneNumber: "12"}, "x"))
	// Output:
	// tenancy.Users.Create: invalid: username: Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.; phone_number: The phone number entered is not valid.
}
