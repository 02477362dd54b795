package subnetdivisionsql

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/ipamsql"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// The names of the conditions on devices and subnets, see Devices and Subnets. That rules
// made something is ipam.Generated.
const (
	// InSubnet selects devices with networks that are subnets, or parts of them: a
	// []wispwright.ID of subnets.
	InSubnet = "subnetdivision.subnet"
	// Ruled selects subnets that rules of a type divide: a RuledBy.
	Ruled = "subnetdivision.type"
	// OfVPN selects the subnet of a VPN server: an ID.
	OfVPN = "subnetdivision.vpn"
	// OfDeviceNamed selects the networks of devices with a name: a string.
	OfDeviceNamed = "subnetdivision.device"
)

// RuledBy is the value of Ruled.
type RuledBy struct {
	// Type is the type of the rules.
	Type string
	// Scope are the organizations whose rules count: a shared subnet may be divided by
	// others, which are nobody else's business.
	Scope wispwright.Scope
}

// Devices are conditions on devices for controllersql.New.
func Devices(sqlstore.Dialect) controllersql.Related {
	return controllersql.Related{InSubnet: func(v any) sqlstore.Cond {
		ids, _ := v.([]wispwright.ID)
		marks, args := sqlstore.In(ids)
		return sqlstore.Cond{SQL: controllersql.DeviceTable + ".id IN (SELECT e.device_id FROM subnetdivision_entry e WHERE e.subnet_id IN (" + marks + ")" +
			" UNION SELECT e.device_id FROM subnetdivision_rule r JOIN subnetdivision_entry e ON e.rule_id = r.id WHERE r.master_subnet_id IN (" + marks + "))",
			Args: append(args[:len(args):len(args)], args...)}
	}}
}

// Subnets are conditions on subnets and addresses for ipamsql.New. Without VPN servers
// OfVPN is not known.
func Subnets(servers bool) ipamsql.Related {
	in := func(query string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			return sqlstore.Cond{SQL: "ipam_subnet.id IN (" + query + ")", Args: []any{v}}
		}
	}
	made := func(query string) func(any) sqlstore.Cond {
		return func(v any) sqlstore.Cond {
			if yes, _ := v.(bool); !yes {
				return sqlstore.Cond{SQL: "NOT EXISTS (" + query + ")"}
			}
			return sqlstore.Cond{SQL: "EXISTS (" + query + ")"}
		}
	}
	out := ipamsql.Related{
		Subnets: map[string]func(any) sqlstore.Cond{
			Ruled: func(v any) sqlstore.Cond {
				by, _ := v.(RuledBy)
				c := sqlstore.Cond{SQL: "SELECT r.master_subnet_id FROM subnetdivision_rule r WHERE r.type = ?", Args: []any{by.Type}}
				if scope := sqlstore.ScopeCond("r.organization_id", by.Scope); scope.SQL != "" {
					c.SQL, c.Args = c.SQL+" AND "+scope.SQL, append(c.Args, scope.Args...)
				}
				c.SQL = "ipam_subnet.id IN (" + c.SQL + ")"
				return c
			},
			OfDeviceNamed:  in("SELECT e.subnet_id FROM subnetdivision_entry e JOIN " + controllersql.DeviceTable + " d ON d.id = e.device_id WHERE d.name = ?"),
			ipam.Generated: made("SELECT 1 FROM subnetdivision_entry e WHERE e.subnet_id = ipam_subnet.id AND e.ordinal = 0"),
		},
		Addresses: map[string]func(any) sqlstore.Cond{
			ipam.Generated: made("SELECT 1 FROM subnetdivision_entry e WHERE e.address_id = ipam_address.id"),
		},
	}
	if servers {
		out.Subnets[OfVPN] = in("SELECT v.subnet_id FROM vpn_server v WHERE v.id = ?")
	}
	return out
}
