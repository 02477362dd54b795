package moving

import (
	"context"
	"regexp"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/subnetdivision"
)

// keywords name the networks and addresses of a device: LABEL_subnet1, LABEL_subnet1_ip2.
var keywords = regexp.MustCompile(`_subnet(\d+)(?:_ip(\d+))?$`)

// SubnetDivision takes over the rules by which devices get networks, and what they
// got.
func SubnetDivision(d *subnetdivision.Divisions) Part {
	return Part{Name: "subnetdivision", Take: func(ctx context.Context, run *Run) error {
		if err := run.Table(ctx, "subnet_division_subnetdivisionrule", "id", []string{"organization_id", "master_subnet_id"}, func(ctx context.Context, r *Row) (string, error) {
			rule := &subnetdivision.Rule{
				ID: r.Required("id"), OrganizationID: r.ID("organization_id"), Type: r.Text("type"), MasterSubnetID: r.ID("master_subnet_id"), Label: r.Text("label"),
				NumberOfSubnets: r.Number("number_of_subnets"), Size: r.Number("size"), NumberOfIPs: r.Number("number_of_ips"),
				Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return d.Rules.Restore(ctx, rule)
		}); err != nil {
			return err
		}
		return takeEntries(ctx, run, d)
	}}
}

func takeEntries(ctx context.Context, run *Run, d *subnetdivision.Divisions) error {
	const table = "subnet_division_subnetdivisionindex"
	known, err := run.networks(ctx)
	if err != nil {
		return err
	}
	configs, err := run.Read(ctx, "config_config", "SELECT id, device_id, created FROM config_config")
	if err != nil {
		return err
	}
	byConfig := make(map[wispwright.ID]*Row, len(configs))
	for _, row := range configs {
		byConfig[row.ID("id")] = row
	}
	return run.Table(ctx, table, "id", []string{"rule_id", "subnet_id", "ip_id"}, func(ctx context.Context, r *Row) (string, error) {
		config := byConfig[r.ID("config_id")]
		if config == nil || run.LeftOut(config.ID("device_id")) {
			return "", errLeaveOut // nobody has it
		}
		e := &subnetdivision.Entry{
			ID: numbered(table, r.Number("id")), RuleID: r.ID("rule_id"), DeviceID: config.ID("device_id"), SubnetID: r.ID("subnet_id"), AddressID: r.ID("ip_id"),
			Keyword: r.Text("keyword"), Created: config.Instant("created"),
		}
		found := keywords.FindStringSubmatch(e.Keyword)
		if found == nil {
			return "", wispwright.Invalid("keyword", "is not one of subnet division.")
		}
		e.Number, _ = strconv.ParseInt(found[1], 10, 64)  // digits
		e.Ordinal, _ = strconv.ParseInt(found[2], 10, 64) // digits, or nothing for the network
		if e.AddressID.IsZero() {
			e.Value = known.subnets[e.SubnetID].String()
		} else {
			e.Value = known.addresses[e.AddressID].String()
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return d.RestoreEntry(ctx, e)
	})
}
