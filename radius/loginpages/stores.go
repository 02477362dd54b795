package loginpages

import (
	"context"

	"github.com/wispwright/wispwright"
)

// Stores are where the rows are kept, all of one transactor.
type Stores struct {
	Pages    wispwright.Repo[Page, PageFilter]
	Assets   wispwright.Repo[Asset, AssetFilter]
	Policies wispwright.Repo[Policy, PolicyFilter]
	Signups  wispwright.Repo[Signup, SignupFilter]
	Days     DayStore
	Arrivals ArrivalStore
}

// DayStore keeps the funnel.
type DayStore interface {
	wispwright.Repo[Day, DayFilter]
	// Add adds the numbers of a day to those that are kept. Several may be added at once.
	Add(ctx context.Context, d Day) error
}

// ArrivalStore keeps who is waited for.
type ArrivalStore interface {
	wispwright.Repo[Arrival, ArrivalFilter]
	// Expect notes somebody, unless it is known already.
	Expect(ctx context.Context, a Arrival) error
	// Arrive notes that users who were expected on a day or later have a session, and
	// returns the number of those for whom this is new: of two at once one gets it. The
	// names are at most a few hundred.
	Arrive(ctx context.Context, organization wispwright.ID, from string, usernames ...string) (int, error)
	// Forget removes those of earlier days.
	Forget(ctx context.Context, before string) error
}
