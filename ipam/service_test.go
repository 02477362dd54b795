package ipam_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/ipam/xlsx"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

// directory knows two organizations.
type directory struct{}

func organization(n byte) ipam.Organization {
	return ipam.Organization{ID: wispwright.ID{0: n, 6: 0x40}, Slug: fmt.Sprintf("org-%d", n), IsActive: n != 3}
}

func (directory) BySlug(_ context.Context, slug string) (ipam.Organization, error) {
	for n := range byte(4) {
		if o := organization(n); n > 0 && o.Slug == slug {
			return o, nil
		}
	}
	return ipam.Organization{}, wispwright.ErrNotFound
}

func (directory) Get(_ context.Context, id wispwright.ID) (ipam.Organization, error) {
	return organization(id[0]), nil
}

type history struct{ list []wispwright.Change }

func (h *history) Record(_ context.Context, changes ...wispwright.Change) error {
	h.list = append(h.list, changes...)
	return nil
}

// fixture is the concern over a memory.
func fixture(t testing.TB) (*ipam.IPAM, *history) {
	m := memstore.New()
	h := &history{}
	s, err := ipam.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}, Recorder: h}, ipam.NewMemory(m), &ipam.Options{Organizations: directory{}, Formats: []ipam.Format{xlsx.Format{}}})
	require.NoError(t, err)
	return s, h
}

func create(t testing.TB, m *ipam.IPAM, network string, owner byte, master *ipam.Subnet) *ipam.Subnet {
	n := &ipam.Subnet{Name: "net", Subnet: netip.MustParsePrefix(network)}
	if owner > 0 {
		n.OrganizationID = organization(owner).ID
	}
	if master != nil {
		n.MasterSubnetID = master.ID
	}
	require.NoError(t, m.Subnets.Create(t.Context(), n))
	return n
}

func TestHosts(t *testing.T) {
	m, _ := fixture(t)
	n := create(t, m, "10.1.0.0/16", 1, nil)
	_, err := m.Addresses.RequestMany(t.Context(), wispwright.ScopeAll(), n.ID, "a", "b")
	require.NoError(t, err)
	page := func(n *ipam.Subnet, start string) string {
		var at netip.Addr
		if start != "" {
			at = netip.MustParseAddr(start)
		}
		p, err := m.Addresses.Hosts(t.Context(), wispwright.ScopeAll(), n.ID, at)
		if err != nil {
			return err.Error()
		}
		used := 0
		for _, h := range p.Hosts {
			if h.Taken != nil {
				used++
			}
		}
		text := func(a netip.Addr) string {
			if !a.IsValid() {
				return "-"
			}
			return a.String()
		}
		return fmt.Sprintf("%s to %s, %d hosts, %d used, next %s, previous %s, first %v", p.Hosts[0].Address, p.Hosts[len(p.Hosts)-1].Address, len(p.Hosts), used, text(p.Next), text(p.Previous), p.First)
	}
	require.Equal(t, "10.1.0.1 to 10.1.1.0, 256 hosts, 2 used, next 10.1.1.1, previous -, first true", page(n, ""))
	require.Equal(t, "10.1.1.1 to 10.1.2.0, 256 hosts, 0 used, next 10.1.2.1, previous -, first false", page(n, "10.1.1.1"))
	require.Equal(t, "10.1.2.1 to 10.1.3.0, 256 hosts, 0 used, next 10.1.3.1, previous 10.1.1.1, first false", page(n, "10.1.2.1"))
	require.Equal(t, "10.1.0.10 to 10.1.1.9, 256 hosts, 0 used, next 10.1.1.10, previous -, first false", page(n, "10.1.0.10"))
	require.Equal(t, "10.1.255.1 to 10.1.255.254, 254 hosts, 0 used, next -, previous 10.1.254.1, first false", page(n, "10.1.255.1"))
	require.Equal(t, "10.1.0.1 to 10.1.1.0, 256 hosts, 2 used, next 10.1.1.1, previous -, first true", page(n, "fd00::1"), "of the other version: the first page")
	for _, wrong := range []string{"10.1.0.0", "10.1.255.255", "10.2.0.1"} {
		require.Equal(t, "Invalid Address", page(n, wrong))
	}
	for network, want := range map[string]string{
		"10.9.0.1/32": "10.9.0.1 to 10.9.0.1, 1 hosts", "10.8.0.0/31": "10.8.0.0 to 10.8.0.1, 2 hosts", "fd01::1/128": "fd01::1 to fd01::1, 1 hosts", "fd02::/127": "fd02:: to fd02::1, 2 hosts",
		"255.255.255.248/29": "255.255.255.249 to 255.255.255.254, 6 hosts", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe to ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 2 hosts",
	} {
		require.Equal(t, want+", 0 used, next -, previous -, first true", page(create(t, m, network, 1, nil), ""))
	}
	six := create(t, m, "fd00::/64", 1, nil)
	require.Equal(t, "fd00::1 to fd00::100, 256 hosts, 0 used, next fd00::101, previous -, first true", page(six, ""))
	require.Equal(t, "fd00::ffff:ffff:ffff:ff01 to fd00::ffff:ffff:ffff:ffff, 255 hosts, 0 used, next -, previous fd00::ffff:ffff:ffff:fe01, first false", page(six, "fd00::ffff:ffff:ffff:ff01"))
}

func TestRoom(t *testing.T) {
	m, _ := fixture(t)
	ctx, all := t.Context(), wispwright.ScopeAll()
	root := create(t, m, "10.0.0.0/24", 1, nil)
	first := create(t, m, "10.0.0.16/28", 1, root)
	create(t, m, "10.0.0.128/26", 1, root)
	create(t, m, "10.0.0.16/30", 1, first)
	room := func(length, limit int) string {
		found, err := m.Subnets.Room(ctx, all, root.ID, length, limit)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(found)
	}
	require.Equal(t, "[10.0.0.32/27 10.0.0.64/27 10.0.0.96/27 10.0.0.192/27 10.0.0.224/27]", room(27, 10))
	require.Equal(t, "[10.0.0.32/27]", room(27, 1))
	require.Equal(t, "[10.0.0.64/26 10.0.0.192/26]", room(26, 10))
	require.Equal(t, "[]", room(25, 10))
	require.Equal(t, "[10.0.0.0/28 10.0.0.32/28]", room(28, 2))
	for _, wrong := range []int{24, 33, 0, -1} {
		require.Equal(t, "invalid: prefix_length: Ensure this value is between 25 and 32.", room(wrong, 1))
	}
	// what is recorded in the subnet itself is in the way
	require.NoError(t, m.Addresses.Create(ctx, &ipam.Address{SubnetID: root.ID, IPAddress: netip.MustParseAddr("10.0.0.40")}))
	require.NoError(t, m.Addresses.Create(ctx, &ipam.Address{SubnetID: root.ID, IPAddress: netip.MustParseAddr("10.0.0.127")}))
	require.Equal(t, "[10.0.0.64/27 10.0.0.192/27 10.0.0.224/27]", room(27, 10))
	require.Equal(t, "[10.0.0.32/29 10.0.0.48/29]", func() string { f, _ := m.Subnets.Room(ctx, all, root.ID, 29, 4); return fmt.Sprint(f[2:]) }())
	blocks, err := m.Subnets.Blocks(ctx, all, root.ID, 10)
	require.NoError(t, err)
	require.Equal(t, "[10.0.0.0/28 10.0.0.32/27 10.0.0.64/26 10.0.0.192/26]", fmt.Sprint(blocks))
	blocks, err = m.Subnets.Blocks(ctx, all, root.ID, 2)
	require.NoError(t, err)
	require.Len(t, blocks, 2)
	_, err = m.Subnets.Room(ctx, wispwright.ScopeOf(organization(2).ID), root.ID, 27, 1)
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	six := create(t, m, "fd00::/48", 1, nil)
	for i := range 3 {
		n, err := m.Subnets.RequestSubnet(ctx, all, six.ID, 64, ipam.Subnet{Name: "lan"})
		require.NoError(t, err)
		require.Equal(t, []string{"fd00::/64", "fd00:0:0:1::/64", "fd00:0:0:2::/64"}[i], n.Subnet.String())
		require.Equal(t, organization(1).ID, n.OrganizationID)
	}
	last := create(t, m, "255.255.255.0/24", 1, nil)
	for range 2 {
		_, err := m.Subnets.RequestSubnet(ctx, all, last.ID, 25, ipam.Subnet{Name: "half"})
		require.NoError(t, err)
	}
	_, err = m.Subnets.RequestSubnet(ctx, all, last.ID, 25, ipam.Subnet{Name: "half"})
	require.ErrorIs(t, err, ipam.ErrExhausted)
	single := create(t, m, "10.5.0.1/32", 1, nil)
	_, err = m.Subnets.Room(ctx, all, single.ID, 32, 1)
	require.EqualError(t, err, "invalid: prefix_length: There is no smaller network than this one.")
}

func TestHistory(t *testing.T) {
	m, h := fixture(t)
	ctx, all := t.Context(), wispwright.ScopeAll()
	n := create(t, m, "10.0.0.0/24", 1, nil)
	a, err := m.Addresses.Request(ctx, all, n.ID, "printer")
	require.NoError(t, err)
	require.NoError(t, m.Addresses.Delete(ctx, all, a.ID))
	_, err = m.Addresses.RequestMany(ctx, all, n.ID, make([]string, 30)...)
	require.NoError(t, err)
	var lines []string
	for _, c := range h.list {
		lines = append(lines, fmt.Sprintf("%s %s %s of %s: %d fields", c.Action, c.Kind, c.Label, c.OrganizationID.String()[:2], len(c.Fields)))
	}
	require.Equal(t, []string{
		"add openwisp_ipam.subnet net 10.0.0.0/24 of 01: 4 fields", "add openwisp_ipam.ipaddress 10.0.0.1 of 01: 4 fields",
		"delete openwisp_ipam.ipaddress 10.0.0.1 of 01: 4 fields", "request openwisp_ipam.subnet net 10.0.0.0/24 of 01: 1 fields",
	}, lines)
}

const sample = "Sample Subnet\r\n10.0.0.0/24\r\norg-1\r\n\r\nip_address,description\r\n10.0.0.1,Testing\r\n10.0.0.2,\r\n"

func load(t *testing.T, m *ipam.IPAM, text string, o *ipam.ImportOptions) (*ipam.ImportReport, error) {
	t.Helper()
	f, err := m.Format("x.CSV")
	require.NoError(t, err)
	return m.Import(t.Context(), strings.NewReader(text), f, o)
}

func TestImportAndExport(t *testing.T) {
	m, _ := fixture(t)
	all := wispwright.ScopeAll()
	dry, err := load(t, m, sample, &ipam.ImportOptions{DryRun: true})
	require.NoError(t, err)
	require.True(t, dry.Created)
	require.Equal(t, 2, dry.Added)
	have, err := m.Subnets.List(t.Context(), all, ipam.SubnetFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, have.Rows, "a dry run stores nothing")
	report, err := load(t, m, sample, nil)
	require.NoError(t, err)
	for _, f := range []string{"csv", "xlsx"} {
		format, err := m.FormatNamed(f)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, m.Export(t.Context(), all, report.Subnet.ID, format, &b))
		if f == "csv" {
			require.Equal(t, sample, b.String())
		}
		again, err := m.Import(t.Context(), &b, format, nil)
		require.NoError(t, err)
		require.Equal(t, [2]int{0, 2}, [2]int{again.Added, again.Existing})
		require.False(t, again.Created)
	}
	_, err = m.Format("x.xls")
	require.EqualError(t, err, "File type not supported.")

	// what spreadsheets would compute comes back as it was
	odd := []string{"=1+1", "+49 123", "-", "@x", "'=a", "''x", "it's", `say "hi", you`, "two\nlines", "\ttab", "'"}
	for i, d := range odd {
		require.NoError(t, m.Addresses.Create(t.Context(), &ipam.Address{SubnetID: report.Subnet.ID, IPAddress: netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + i)}), Description: d}))
	}
	for _, f := range []string{"csv", "xlsx"} {
		format, err := m.FormatNamed(f)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, m.Export(t.Context(), all, report.Subnet.ID, format, &b))
		if f == "csv" {
			require.Contains(t, b.String(), "10.0.0.10,'=1+1\r\n10.0.0.11,'+49 123\r\n10.0.0.12,'-\r\n10.0.0.13,'@x\r\n10.0.0.14,''=a\r\n10.0.0.15,''x\r\n10.0.0.16,it's\r\n10.0.0.17,\"say \"\"hi\"\", you\"\r\n")
		}
		other, _ := fixture(t)
		r, err := other.Import(t.Context(), &b, format, nil)
		require.NoError(t, err)
		came, err := other.Addresses.List(t.Context(), all, ipam.AddressFilter{SubnetID: r.Subnet.ID, IPAddressFrom: netip.MustParseAddr("10.0.0.10")}, wispwright.Page{})
		require.NoError(t, err)
		var got []string
		for _, a := range came.Rows {
			got = append(got, a.Description)
		}
		want := append([]string{}, odd...)
		want[9] = "\ttab"
		require.Equal(t, want, got, f)
	}
}

// TestFilesOfTheField: files that lack a row, have too many cells or lines, or
// begin with a mark.
func TestFilesOfTheField(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		rows string
	}{
		"commas as in the manual":      {"a,\n10.0.0.0/24,\norg-1,\n,\nip_address,description\n10.0.0.1,x\n", "10.0.0.1=x"},
		"without the empty row":        {"a\n10.0.0.0/24\norg-1\nip_address,description\n10.0.0.1,x\n10.0.0.2,y\n", "10.0.0.1=x 10.0.0.2=y"},
		"another header":               {"a\n10.0.0.0/24\norg-1\n\nip address,description\n10.0.0.1,x\n", "10.0.0.1=x"},
		"without any header":           {"a\n10.0.0.0/24\norg-1\n10.0.0.1,x\n10.0.0.2,y\n", "10.0.0.1=x 10.0.0.2=y"},
		"whatever the two rows hold":   {"a\n10.0.0.0/24\norg-1\nnotes\nIP,what\n10.0.0.1,x\n", "10.0.0.1=x"},
		"a mark, spaces, empty lines":  {"\ufeffa\n10.0.0.0/24 \n org-1\n\nip_address\n\n10.0.0.1\n\n 10.0.0.2 , y \n\n\n", "10.0.0.1= 10.0.0.2=y"},
		"the same twice":               {"a\n10.0.0.0/24\norg-1\n\nh\n10.0.0.1,x\n10.0.0.1,y\n", "10.0.0.1=x"},
		"quotes and lines inside them": {"\"a\"\n10.0.0.0/24\norg-1\n\nh,d\n10.0.0.1,\"x\ny\"\n\n10.0.0.2,z\n", "10.0.0.1=x\ny 10.0.0.2=z"},
		"shared":                       {"a\n10.0.0.0/24\n\n\nh\n10.0.0.1,x\n", "10.0.0.1=x"},
		"nothing but the subnet":       {"a\n10.0.0.0/24\norg-1\n", ""},
	} {
		m, _ := fixture(t)
		r, err := load(t, m, c.text, nil)
		require.NoError(t, err, name)
		have, err := m.Addresses.List(t.Context(), wispwright.ScopeAll(), ipam.AddressFilter{SubnetID: r.Subnet.ID}, wispwright.Page{})
		require.NoError(t, err)
		var rows []string
		for _, a := range have.Rows {
			rows = append(rows, a.IPAddress.String()+"="+a.Description)
		}
		require.Equal(t, c.rows, strings.Join(rows, " "), name)
		require.Equal(t, "a", r.Subnet.Name, name)
	}
}

func TestRefusedFiles(t *testing.T) {
	forbidden := errors.New("not yours")
	for name, c := range map[string]struct{ text, want string }{
		"empty":             {"", "The file must begin with rows for the name, the network and the organization."},
		"short":             {"a\n10.0.0.0/24\n", "The file must begin with rows for the name, the network and the organization."},
		"slug":              {"a\n10.0.0.0/24\nno slug!\n", "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."},
		"organization":      {"a\n10.0.0.0/24\nnope\n", "The import operation failed because the data being imported belongs to an organization which is not recognized: “nope”. Please create this organization or adapt the CSV file being imported by pointing the data to another organization."},
		"disabled":          {"a\n10.0.0.0/24\norg-3\n", "The organization “org-3” is currently disabled: nothing can be imported to it."},
		"network":           {"a\nzzz\norg-1\n", "'zzz' does not appear to be an IPv4 or IPv6 network"},
		"no name":           {"\n10.0.0.0/24\norg-1\n", "ipam.Import: ipam.Subnets.Create: invalid: name: This field cannot be blank."},
		"forbidden":         {"a\n10.0.0.0/24\norg-2\n", "not yours"},
		"not UTF-8":         {"a\n10.0.0.0/24\norg-1\n\nh\n10.0.0.1,\xff\n", "Line 6 is not valid UTF-8."},
		"overlap":           {"a\n10.7.0.0/16\norg-1\n", "ipam.Import: ipam.Subnets.Create: invalid: subnet: Subnet overlaps with 10.7.7.0/24."},
		"rows":              {"a\n10.0.0.0/24\norg-1\n\nh\n10.0.0.1,a\n10.0.1.1,b\nx\n10.0.0.999\n10.0.0.2," + strings.Repeat("ä", 101) + "\nfd00::1\n", "ipam.Import: row 7: ip_address: IP address does not belong to the subnet (5 faults)"},
		"the first address": {"a\n10.0.0.0/24\norg-1\nip_address,description\n10.0.0.999,x\n", "ipam.Import: row 5: ip_address: '10.0.0.999' does not appear to be an IPv4 or IPv6 address (1 faults)"},
	} {
		m, _ := fixture(t)
		create(t, m, "10.7.7.0/24", 1, nil)
		_, err := load(t, m, c.text, &ipam.ImportOptions{Allow: func(_ context.Context, id wispwright.ID) error {
			if id == organization(2).ID {
				return forbidden
			}
			return nil
		}})
		require.EqualError(t, err, c.want, name)
		have, err := m.Subnets.List(t.Context(), wispwright.ScopeAll(), ipam.SubnetFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, have.Rows, 1, "nothing was stored: "+name)
	}
	m, _ := fixture(t)
	_, err := m.Import(t.Context(), strings.NewReader("PK no workbook"), xlsx.Format{}, nil)
	var unreadable *ipam.FormatError
	require.ErrorAs(t, err, &unreadable)
}

// TestManyFaultyRows: every fault of a large file is told, and nothing of it
// stored.
func TestManyFaultyRows(t *testing.T) {
	m, _ := fixture(t)
	var b strings.Builder
	b.WriteString("a\n10.0.0.0/8\norg-1\n\nh\n")
	const rows = 100_000
	for i := range rows {
		fmt.Fprintf(&b, "11.%d.%d.%d,x\n", i>>16, i>>8&255, i&255)
	}
	_, err := load(t, m, b.String(), nil)
	var faults *ipam.RowsError
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults.Rows, rows)
	require.Equal(t, ipam.RowError{Row: rows + 5, Field: "ip_address", Message: "IP address does not belong to the subnet"}, faults.Rows[rows-1])
	have, err := m.Subnets.List(t.Context(), wispwright.ScopeAll(), ipam.SubnetFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, have.Rows)
}

// A file of commas alone is refused before it is a row of millions of cells.
func TestLongRowsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"commas": strings.Repeat(",", 8<<20), "quotes": strings.Repeat("\"\n\",", 1<<20), "one cell": "\"" + strings.Repeat("x", 1<<20), "empty lines": strings.Repeat("\n", 8<<20),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := ipam.CSV{}.Read(strings.NewReader(text), func([]string) error { return nil })
			runtime.ReadMemStats(&after)
			var format *ipam.FormatError
			require.ErrorAs(t, err, &format)
			require.Contains(t, format.Reason, "65536 bytes")
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
		})
	}
	rows := 0
	long := strings.Repeat("x", 60_000) + "\n"
	require.NoError(t, ipam.CSV{}.Read(strings.NewReader(strings.Repeat(long, 20)), func([]string) error { rows++; return nil }))
	require.Equal(t, 20, rows, "each row for itself")
}

// FuzzImport imports files of anybody: all or nothing, and never a fault that is
// nobody's.
func FuzzImport(f *testing.F) {
	for _, text := range []string{sample, "a\n10.0.0.0/24\norg-1\n\nh\n10.0.0.1,x\n10.0.0.1,y\n", "a\nfd00::/64\n\n\n\n::1\n", "\ufeffa\n10.0.0.0/255.255.255.0\n'=org\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, _ := fixture(t)
		report, err := m.Import(t.Context(), bytes.NewReader(text), ipam.CSV{}, nil)
		stored, listErr := m.Addresses.List(t.Context(), wispwright.ScopeAll(), ipam.AddressFilter{}, wispwright.Page{NoTotal: true})
		if listErr != nil {
			t.Fatal(listErr)
		}
		var (
			format  *ipam.FormatError
			head    *ipam.HeadError
			unknown *ipam.UnknownOrganizationError
			rows    *ipam.RowsError
			invalid *wispwright.ValidationError
		)
		switch {
		case err == nil && len(stored.Rows) == report.Added:
		case err == nil:
			t.Fatalf("%d addresses, and not %d", len(stored.Rows), report.Added)
		case len(stored.Rows) > 0:
			t.Fatalf("half an import was stored: %v", err)
		case errors.As(err, &format), errors.As(err, &head), errors.As(err, &unknown), errors.As(err, &rows), errors.As(err, &invalid):
		default:
			t.Fatalf("an error of the program: %v", err)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("a\n10.0.0.0/24\n\"org\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		n := 0
		err := ipam.CSV{}.Read(bytes.NewReader(text), func([]string) error { n++; return nil })
		if err == nil && n > bytes.Count(text, []byte("\n"))+bytes.Count(text, []byte("\r"))+1 {
			t.Fatalf("%d rows of %q", n, text)
		}
	})
}
