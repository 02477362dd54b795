package subnetdivision

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"regexp"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// labelPattern matches what may begin a variable's name.
var labelPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

const (
	badLabel = "Only alphanumeric characters and underscores are allowed."
	tooSmall = `The master subnet is too small to acommodate the requested "number of subnets" plus the reserved subnet, please increase the size of the master subnet or decrease the "size of subnets" field.`
)

// Rules is the service of rules, newest first.
type Rules struct {
	*entity.Service[wispwright.ID, Rule, RuleFilter]
	core *core
}

func newRules(c *core) *Rules {
	s := &Rules{core: c}
	s.Service = entity.New(c.kit, c.stores.Rules, entity.Kind[wispwright.ID, Rule]{
		Name: "subnetdivision.Rules", Model: "subnet_division.subnetdivisionrule", Label: func(r *Rule) string { return r.Label },
		Validate: s.validate, Stored: s.stored,
		Unique: map[string]error{UniqueRule: wispwright.Invalid("", valid.Taken("Subnet division rule", "Organization", "Label"))},
	})
	return s
}

// validate checks a rule in the order of the specification (§1): the first fault that
// is found counts.
func (s *Rules) validate(ctx context.Context, ch entity.Change[Rule]) error {
	r, before := ch.After, ch.Before
	if before != nil {
		if err := unchanged(before, r); err != nil {
			return err
		}
	}
	switch {
	case len(r.Label) > 30:
		return wispwright.Invalid("label", fmt.Sprintf("Ensure this value has at most 30 characters (it has %d).", len([]rune(r.Label))))
	case !labelPattern.MatchString(r.Label):
		return wispwright.Invalid("label", badLabel)
	case s.core.typeOf(r.Type) == nil:
		return wispwright.Invalid("type", valid.NoChoice(r.Type))
	}
	master, err := s.core.ipam.Subnets.Get(ctx, wispwright.ScopeAll(), r.MasterSubnetID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return wispwright.Invalid("master_subnet", "Invalid master subnet.")
	}
	if err != nil {
		return err
	}
	if r.direct() && (s.core.Direct || before != nil) {
		return checkDirect(r, master)
	}
	return Check(r, master)
}

// unchanged refuses what cannot be another for devices that have their networks.
func unchanged(before, r *Rule) error {
	var v wispwright.ValidationError
	if r.Size != before.Size {
		v.Add("size", "Subnet size cannot be changed")
	}
	if r.NumberOfIPs < before.NumberOfIPs {
		v.Add("number_of_ips", "Number of IPs cannot be decreased")
	}
	if r.NumberOfSubnets != before.NumberOfSubnets {
		v.Add("number_of_subnets", "Number of Subnets cannot be changed")
	}
	if r.Type != before.Type {
		v.Add("type", "Type cannot be changed")
	}
	if r.MasterSubnetID != before.MasterSubnetID {
		v.Add("master_subnet", "Master subnet cannot be changed")
	}
	if r.OrganizationID != before.OrganizationID {
		v.Add("organization", "Organization cannot be changed")
	}
	return v.Err()
}

// Check holds a rule against the subnet that it divides (spec: subnet-division §1, 3 to 6).
func Check(r *Rule, master *ipam.Subnet) error {
	bits, most := int64(master.Subnet.Bits()), int64(master.Subnet.Addr().BitLen())
	switch {
	case r.NumberOfSubnets < 1:
		return wispwright.Invalid("number_of_subnets", "Ensure this value is greater than or equal to 1.")
	case r.NumberOfIPs < 1:
		return wispwright.Invalid("number_of_ips", "Ensure this value is greater than or equal to 1.")
	case r.Size < bits || r.Size > most:
		return wispwright.Invalid("size", fmt.Sprintf("Master subnet cannot accommodate subnets of size /%d", r.Size))
	}
	available := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(r.Size-bits)), big.NewInt(1))
	if big.NewInt(r.NumberOfSubnets).Cmp(available) >= 0 {
		return wispwright.Invalid("number_of_subnets", tooSmall)
	}
	if !master.OrganizationID.IsZero() && master.OrganizationID != r.OrganizationID {
		return wispwright.Invalid("organization", "Organization should be same as the subnet")
	}
	if big.NewInt(r.NumberOfIPs).Cmp(new(big.Int).Lsh(big.NewInt(1), uint(most-r.Size))) > 0 {
		return wispwright.Invalid("number_of_ips", fmt.Sprintf("Generated subnets of size /%d cannot accommodate %d IP Addresses.", r.Size, r.NumberOfIPs))
	}
	if r.NumberOfIPs > mostIPs || r.NumberOfSubnets > mostSubnets {
		return wispwright.Invalid("number_of_ips", fmt.Sprintf("A device gets %d subnets with %d addresses each at most.", mostSubnets, mostIPs))
	}
	return nil
}

// What a device gets at most of a rule, which bounds its variables.
const (
	mostSubnets = 1024
	mostIPs     = 4096
)

// stored queues what follows for devices that are there already.
func (s *Rules) stored(ctx context.Context, changes ...entity.Change[Rule]) error {
	var jobs []Job
	for _, c := range changes {
		switch {
		case c.Before == nil:
			jobs = append(jobs, Job{Kind: JobProvision, ID: c.After.ID})
		case c.After == nil:
			jobs = append(jobs, Job{Kind: JobRemove, ID: c.Before.ID, Type: c.Before.Type})
		case c.Before.Label != c.After.Label || c.Before.NumberOfIPs != c.After.NumberOfIPs:
			jobs = append(jobs, Job{Kind: JobAdapt, ID: c.After.ID})
		}
	}
	if err := s.core.known.Purge(ctx); err != nil || len(jobs) == 0 {
		return err
	}
	return s.core.jobs.Enqueue(ctx, jobs...)
}
