package subnetdivision

import (
	"context"
	"math/big"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// Forecast is what a rule would do for the next device.
type Forecast struct {
	// Room is how many more devices find all of their networks.
	Room *big.Int
	// Networks are the first of those that the next device gets, at most sixteen; fewer
	// than the rule says where there is no room for more.
	Networks []Network
}

// Network is one of a device to be.
type Network struct {
	// Keyword is its variable.
	Keyword string
	// Network is the block.
	Network netip.Prefix
	// First and Last are the first and the last of its addresses that are taken for the
	// device.
	First, Last netip.Addr
}

// foreseen is how many networks a forecast names.
const foreseen = 16

// Forecast says what a rule would do, whether it is stored or not, and changes nothing.
// Errors are those of storing it.
func (s *Rules) Forecast(ctx context.Context, r *Rule) (*Forecast, error) {
	change := entity.Change[Rule]{After: r}
	if !r.ID.IsZero() {
		change.Before = r
	}
	if err := s.validate(ctx, change); err != nil {
		return nil, err
	}
	if change.Before == nil {
		same, err := s.core.stores.Rules.List(ctx, wispwright.ScopeAll(), RuleFilter{OrganizationID: r.OrganizationID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, o := range same.Rows {
			if o.Label == r.Label {
				return nil, wispwright.Invalid("label", "There is a rule with this label in the organization already.")
			}
		}
	}
	master, err := s.core.ipam.Subnets.Get(ctx, wispwright.ScopeAll(), r.MasterSubnetID)
	if err != nil {
		return nil, err
	}
	if r.direct() {
		return s.core.foreseeDirect(ctx, r, master)
	}
	free, err := s.core.free(ctx, r, master)
	if err != nil {
		return nil, err
	}
	out := &Forecast{Room: new(big.Int).Quo(free.room(), big.NewInt(r.NumberOfSubnets))}
	for n := int64(1); n <= min(r.NumberOfSubnets, foreseen); n++ {
		next, ok := free.next()
		if !ok {
			break
		}
		first := offset(next.Addr(), ordinals(next, r.NumberOfIPs))
		out.Networks = append(out.Networks, Network{Keyword: subnetKeyword(r.Label, n), Network: next, First: first, Last: offset(first, r.NumberOfIPs-1)})
	}
	return out, nil
}
