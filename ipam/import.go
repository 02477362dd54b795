package ipam

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
)

// ImportOptions change what Import does.
type ImportOptions struct {
	// DryRun tries everything and stores nothing.
	DryRun bool
	// Allow refuses organizations, the zero one being that of shared subnets; its
	// error is returned. It is asked as soon as the organization is known. Default:
	// all are allowed.
	Allow func(ctx context.Context, organization wispwright.ID) error
}

// ImportReport is what an import does.
type ImportReport struct {
	// Subnet is where addresses are imported to.
	Subnet *Subnet
	// Created is whether it is new.
	Created bool
	// Added is how many addresses are new, Existing how many were recorded before
	// and are left as they are.
	Added, Existing int
}

// RowError is what is wrong with one row of a file.
type RowError struct {
	// Row is the number of the row, the first being 1.
	Row int
	// Field is "ip_address" or "description".
	Field string
	// Message is a sentence for people.
	Message string
}

// RowsError is what is wrong with rows of a file: all of them, in their order.
type RowsError struct {
	// Rows are the faults.
	Rows []RowError
}

func (e *RowsError) Error() string {
	first := e.Rows[0]
	return fmt.Sprintf("row %d: %s: %s (%d faults)", first.Row, first.Field, first.Message, len(e.Rows))
}

// UnknownOrganizationError says that a file is for an organization that does not
// exist.
type UnknownOrganizationError struct {
	// Slug is what the file calls it.
	Slug string
}

func (e *UnknownOrganizationError) Error() string {
	return "The import operation failed because the data being imported belongs to an organization which is not recognized: “" + e.Slug +
		"”. Please create this organization or adapt the CSV file being imported by pointing the data to another organization."
}

// HeadError says what is wrong with one of the first three rows.
type HeadError struct {
	// Field is "name", "subnet" or "organization".
	Field string
	// Message is a sentence for people.
	Message string
	// Missing is true where the row is not there, or entirely empty.
	Missing bool
}

func (e *HeadError) Error() string { return e.Message }

// badSlug is what clients know malformed slugs to be refused with.
const badSlug = "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."

// sheet is a file that was read.
type sheet struct {
	head [3][]string
	rows []sheetRow
	// fourth is the fourth row, whose meaning the fifth one tells
	fourth []string
	// n is how many rows there were
	n int
}

type sheetRow struct {
	number               int
	address, description string
}

// maxRows bounds what one file holds: four times a /16.
const maxRows = 1 << 18

// add reads a row. The fourth and the fifth are an empty one and names of columns;
// files that lack the empty one are told by what stands where (spec: ipam §2.6).
func (s *sheet) add(cells []string) error {
	s.n++
	switch {
	case s.n <= 3:
		s.head[s.n-1] = slices.Clone(cells)
		return nil
	case s.n > maxRows:
		return &FormatError{fmt.Sprintf("The file has more than %d rows.", maxRows)}
	case s.n == 4:
		s.fourth = slices.Clone(cells)
		if !isAddress(cells) {
			return nil
		}
	case s.n == 5:
		headed := cell(s.fourth, 0) != "" && !isAddress(s.fourth)
		if !isAddress(s.fourth) && !isAddress(cells) && (!headed || !strings.ContainsAny(cell(cells, 0), ".:")) {
			return nil
		}
	}
	blank := !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
	if !blank {
		s.rows = append(s.rows, sheetRow{s.n, cell(cells, 0), Original(strings.TrimSpace(raw(cells, 1)))})
	}
	return nil
}

// cell is a cell without the space around it, empty when there is none.
func cell(cells []string, i int) string { return strings.TrimSpace(Original(raw(cells, i))) }

func raw(cells []string, i int) string {
	if i >= len(cells) {
		return ""
	}
	return cells[i]
}

func isAddress(cells []string) bool {
	_, err := ParseAddress(cell(cells, 0))
	return err == nil
}

// errDry undoes what a dry run did.
var errDry = errors.New("a dry run")

// Import reads a subnet and its addresses from a file: all or nothing. The subnet
// is created where the organization does not have it; one that exists keeps its
// name, and addresses that are recorded stay as they are.
//
// Errors: *FormatError, *HeadError, *UnknownOrganizationError, *RowsError with
// every fault, a *wispwright.ValidationError of the subnet, that of Allow.
func (m *IPAM) Import(ctx context.Context, r io.Reader, f Format, o *ImportOptions) (*ImportReport, error) {
	if o == nil {
		o = &ImportOptions{}
	}
	var file sheet
	if err := f.Read(r, file.add); err != nil {
		return nil, err
	}
	draft, err := m.importedSubnet(ctx, &file, o)
	if err != nil {
		return nil, err
	}
	addresses, rows := file.addresses(draft.Subnet)
	var report ImportReport
	err = m.Subnets.base.Do(ctx, "ipam.Import", func(ctx context.Context) error {
		report = ImportReport{}
		if err := m.importSubnet(ctx, draft, &report); err != nil {
			return err
		}
		if len(rows.Rows) > 0 {
			return &rows
		}
		if err := m.importAddresses(ctx, addresses, &report); err != nil {
			return err
		}
		if o.DryRun {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return &report, nil
}

// importedSubnet reads the head of a file.
func (m *IPAM) importedSubnet(ctx context.Context, file *sheet, o *ImportOptions) (*Subnet, error) {
	n := &Subnet{Name: cell(file.head[0], 0)}
	if len(file.head[2]) == 0 && file.n < 3 {
		return nil, &HeadError{"organization", "The file must begin with rows for the name, the network and the organization.", true}
	}
	if slug := cell(file.head[2], 0); slug != "" {
		if !regexp.MustCompile(`^[-a-zA-Z0-9_]+$`).MatchString(slug) {
			return nil, &HeadError{Field: "organization", Message: badSlug}
		}
		organization, err := m.organizations.BySlug(ctx, slug)
		switch {
		case isNotFound(err):
			return nil, &UnknownOrganizationError{slug}
		case err != nil:
			return nil, fmt.Errorf("ipam.Import: %w", err)
		}
		n.OrganizationID = organization.ID
		if err := allow(ctx, o, organization.ID); err != nil {
			return nil, err
		}
		if !organization.IsActive {
			return nil, &HeadError{Field: "organization", Message: "The organization “" + slug + "” is currently disabled: nothing can be imported to it."}
		}
	} else {
		if len(file.head[2]) == 0 && o.Allow != nil {
			if err := o.Allow(ctx, wispwright.ID{}); err != nil {
				return nil, &HeadError{"organization", err.Error(), true}
			}
		}
		if err := allow(ctx, o, wispwright.ID{}); err != nil {
			return nil, err
		}
	}
	text := cell(file.head[1], 0)
	p, err := ParseNetwork(text)
	if err != nil {
		return nil, &HeadError{Field: "subnet", Message: err.Error()}
	}
	n.Subnet = p
	return n, nil
}

func allow(ctx context.Context, o *ImportOptions, organization wispwright.ID) error {
	if o.Allow == nil {
		return nil
	}
	return o.Allow(ctx, organization)
}

// addresses reads the rows and says what is wrong with each.
func (s *sheet) addresses(network netip.Prefix) (out []*Address, faults RowsError) {
	seen := map[netip.Addr]bool{}
	for _, row := range s.rows {
		fault := func(field, message string) {
			faults.Rows = append(faults.Rows, RowError{row.number, field, message})
		}
		ip, err := ParseAddress(row.address)
		switch {
		case err != nil:
			fault("ip_address", err.Error())
		case !network.Contains(ip):
			fault("ip_address", addressOutside)
		}
		if n := utf8.RuneCountInString(row.description); n > 100 {
			fault("description", valid.Max(100)(row.description))
		}
		if strings.ContainsRune(row.description, 0) {
			fault("description", valid.NullCharacters)
		}
		if err == nil && !seen[ip] {
			seen[ip] = true
			out = append(out, &Address{IPAddress: ip, Description: row.description})
		}
	}
	return out, faults
}

// importSubnet finds or creates the subnet of a file.
func (m *IPAM) importSubnet(ctx context.Context, draft *Subnet, report *ImportReport) error {
	same, err := m.Subnets.List(ctx, wispwright.ScopeAll(), SubnetFilter{Subnet: draft.Subnet}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, n := range same.Rows {
		if n.OrganizationID == draft.OrganizationID {
			report.Subnet = n
			return nil
		}
	}
	n := *draft
	report.Subnet, report.Created = &n, true
	return m.Subnets.Create(ctx, &n)
}

// importAddresses stores those addresses that are not recorded yet.
func (m *IPAM) importAddresses(ctx context.Context, addresses []*Address, report *ImportReport) error {
	have := map[netip.Addr]bool{}
	if len(addresses) > 0 && !report.Created {
		byAddress := func(a, b *Address) int { return a.IPAddress.Compare(b.IPAddress) }
		first, last := slices.MinFunc(addresses, byAddress).IPAddress, slices.MaxFunc(addresses, byAddress).IPAddress
		for from := first; from.IsValid(); {
			some, err := m.Addresses.List(ctx, wispwright.ScopeAll(), AddressFilter{SubnetID: report.Subnet.ID, IPAddressFrom: from, IPAddressBefore: last.Next()},
				wispwright.Page{Limit: exportPage, NoTotal: true, Order: []wispwright.Order{{Field: "IPAddress"}}})
			if err != nil {
				return err
			}
			for _, a := range some.Rows {
				have[a.IPAddress] = true
			}
			if len(some.Rows) < exportPage {
				break
			}
			from = some.Rows[len(some.Rows)-1].IPAddress.Next()
		}
	}
	fresh := make([]*Address, 0, len(addresses))
	for _, a := range addresses {
		if !have[a.IPAddress] {
			copied := *a // the transaction may run again
			fresh = append(fresh, &copied)
		}
	}
	report.Added, report.Existing = len(fresh), len(addresses)-len(fresh)
	return m.Addresses.CreateMany(ctx, wispwright.ScopeAll(), report.Subnet.ID, fresh...)
}
