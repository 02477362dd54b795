package radius_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/radiustest"
)

// Somebody comes in, uses ten minutes, and is told what is left.
func Example() {
	ctx := context.Background()
	cafe, ann := wispwright.NewID(), wispwright.NewID()
	people := &radiustest.People{
		Accounts: []*radius.Account{{ID: ann, Username: "ann", IsActive: true}}, Member: map[wispwright.ID][]wispwright.ID{ann: {cafe}},
		Tenants: []*radius.Organization{{ID: cafe, Slug: "cafe", IsActive: true}},
	}
	memory := memstore.New()
	noon := func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }
	base := &entity.Base{Tx: memory, Tenants: entity.NoTenants{}, Clock: noon}
	r, err := radius.New(base, radius.NewMemory(memory), people, people.Organizations(), &radius.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := r.Prepare(ctx, cafe); err != nil { // settings and groups of a new organization
		fmt.Println(err)
		return
	}
	if err := r.Memberships.Joined(ctx, cafe, ann); err != nil {
		fmt.Println(err)
		return
	}
	lasted := int64(600)
	_, err = r.Accounting.Record(ctx, radius.Report{OrganizationID: cafe, Status: radius.Interim, UniqueID: "1", Set: func(s *radius.Session) {
		name := "ann"
		s.Username, s.SessionTime = &name, &lasted
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := r.Authorizer.Authorize(ctx, radius.Asking{OrganizationID: cafe, Identifier: "ann", Password: "ann"})
	fmt.Println(answer.Decision == radius.Accept, answer.Group.Name, answer.Replies[0].Name, answer.Replies[0].Number, err)
	// Output:
	// true cafe-users Session-Timeout 10200 <nil>
}
