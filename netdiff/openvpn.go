package netdiff

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// OpenVPN returns the format of OpenVPN's status files, versions 1 to 3, with
// the dates of all releases (spec: netdiff §3.6).
func OpenVPN() *Format {
	return &Format{Name: "netdiff.OpenvpnParser", Label: "OpenVPN", Aliases: []string{"openvpn"},
		Protocol: "OpenVPN Status Log", Version: "1", Metric: "static", Read: readOpenVPN}
}

// client is a row of the client list.
type client struct {
	name           string
	address        string // as it stands in the file: the key of the row
	host           string
	port           ordered.Number // empty when the file has none
	received, sent ordered.Number
	since          time.Time
}

// endpoint is where a client is, without what surrounds it in the file. Of a
// client whose port is not known the name tells it from others there.
func endpoint(name, host string, port ordered.Number) string {
	if port == "" {
		return host + "," + name
	}
	return host + ":" + string(port)
}

// route is a row of the routing table.
type route struct {
	virtual, name, host string
	port                ordered.Number
}

// status is a status file: rows by key, in order; a repeated key overwrites
// the earlier row in its place.
type status struct {
	clients  []client
	routes   []route
	clientAt map[string]int // by real address
	routeAt  map[string]int // by virtual address as written
}

func newStatus() *status {
	return &status{clientAt: map[string]int{}, routeAt: map[string]int{}}
}

// addClient adds a row of the client list.
func (s *status) addClient(row map[string]string) error {
	c, err := newClient(row)
	if err != nil {
		return err
	}
	key := c.address
	if c.port == "" {
		// several clients may stand under one address
		key += "," + c.name + "," + row["Client ID"]
	}
	if i, ok := s.clientAt[key]; ok {
		s.clients[i] = c
		return nil
	}
	s.clientAt[key] = len(s.clients)
	s.clients = append(s.clients, c)
	return nil
}

// addRoute adds a row of the routing table.
func (s *status) addRoute(row map[string]string) error {
	r, err := newRoute(row)
	if err != nil {
		return err
	}
	key := row["Virtual Address"]
	if i, ok := s.routeAt[key]; ok {
		s.routes[i] = r
		return nil
	}
	s.routeAt[key] = len(s.routes)
	s.routes = append(s.routes, r)
	return nil
}

func readOpenVPN(g *Graph, in *Input) error {
	server := TextID("openvpn-server")
	text, isText := in.Text()
	if isText && text == "" || !isText && !truthy(in.value) {
		g.AddNode(server)
		return nil
	}
	if !isText {
		return conversion(in, errors.New("a text is expected"), "")
	}
	r := newStatusReader(text)
	s, err := r.read()
	if err != nil {
		return conversion(in, err, r.place())
	}
	g.AddNode(server)
	identity := s.identities(in.options.DuplicateCN)
	virtual := map[string][]any{}
	for _, r := range s.routes {
		at := endpoint(r.name, r.host, r.port)
		virtual[at] = append(virtual[at], r.virtual)
	}
	for _, c := range s.clients {
		if c.name == "UNDEF" {
			continue
		}
		attrs := []Attr{{labelAttr, c.name}}
		if list := virtual[endpoint(c.name, c.host, c.port)]; list != nil {
			attrs = append(attrs, Attr{localAttr, list})
		}
		attrs = append(attrs, Attr{"real_address", c.host})
		if c.port != "" {
			attrs = append(attrs, Attr{"port", c.port})
		}
		g.AddNode(identity(c.name, c.host, c.port), append(attrs,
			Attr{"connected_since", c.since.Format("2006-01-02T15:04:05Z")},
			Attr{"bytes_received", c.received}, Attr{"bytes_sent", c.sent}, Attr{"common_name", c.name})...)
	}
	for _, r := range s.routes {
		if r.name != "UNDEF" {
			g.AddLink(server, identity(r.name, r.host, r.port), integer(1))
		}
	}
	return nil
}

func conversion(in *Input, err error, place string) error {
	return &ConversionError{Format: in.format, Message: "OpenVPN parsing error: " + err.Error(), Place: place, Data: in.text}
}

// identities returns what names the node of a client or a route: the common
// name, unless several clients may share it.
func (s *status) identities(duplicate bool) func(name, host string, port ordered.Number) ID {
	if !duplicate {
		return func(name, _ string, _ ordered.Number) ID { return TextID(name) }
	}
	count := map[string]int{}
	for _, c := range s.clients {
		count[c.name+","+c.host]++
	}
	return func(name, host string, port ordered.Number) ID {
		id := name + "," + host
		if count[id] > 1 && port != "" {
			id += ":" + string(port)
		}
		return TextID(id)
	}
}

// statusReader walks the lines of a status file that say something.
type statusReader struct {
	lines   []string
	numbers []int // in the file, from 1
	at      int   // the next line
}

func newStatusReader(text string) *statusReader {
	r := &statusReader{}
	for i, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			r.lines, r.numbers = append(r.lines, l), append(r.numbers, i+1)
		}
	}
	return r
}

// peek returns the next line, "" at the end.
func (r *statusReader) peek() string {
	if r.at == len(r.lines) {
		return ""
	}
	return r.lines[r.at]
}

// next returns the next line and goes on.
func (r *statusReader) next() string {
	l := r.peek()
	r.at = min(r.at+1, len(r.lines))
	return l
}

// before reports whether there are lines before the one that says this.
func (r *statusReader) before(end string) bool { return r.at < len(r.lines) && r.peek() != end }

func (r *statusReader) expect(want string) error {
	if got := r.next(); got != want {
		return fmt.Errorf("expected '%s' but got '%s'", want, cmp.Or(got, "end of input"))
	}
	return nil
}

// place says which line was read last.
func (r *statusReader) place() string {
	if r.at == 0 {
		return ""
	}
	return "line " + strconv.Itoa(r.numbers[r.at-1])
}

// read reads any version of the file.
func (r *statusReader) read() (*status, error) {
	for _, separator := range []string{",", "\t"} {
		if strings.HasPrefix(r.peek(), "TITLE"+separator) {
			return r.readTagged(separator)
		}
	}
	return r.readPlain()
}

// readPlain reads version 1, whose sections have titles.
func (r *statusReader) readPlain() (*status, error) {
	s := newStatus()
	if err := r.expect("OpenVPN CLIENT LIST"); err != nil {
		return nil, err
	}
	updated, date, ok := strings.Cut(r.next(), ",")
	if !ok || updated != "Updated" {
		return nil, errors.New("expected 'Updated'")
	}
	if _, err := parseDate(date); err != nil {
		return nil, err
	}
	if err := r.readTable("ROUTING TABLE", s.addClient); err != nil {
		return nil, err
	}
	if err := r.readTable("GLOBAL STATS", s.addRoute); err != nil {
		return nil, err
	}
	queue := false
	for r.before("END") {
		name, value, _ := strings.Cut(r.next(), ",")
		if name == "Max bcast/mcast queue length" {
			if _, err := bigInt(value); err != nil {
				return nil, err
			}
			queue = true
		}
	}
	if !queue {
		return nil, errors.New("expected 'Max bcast/mcast queue length'")
	}
	return s, r.expect("END")
}

// readTable reads a table of version 1: a header and rows up to the title of
// what follows.
func (r *statusReader) readTable(end string, add func(map[string]string) error) error {
	header := strings.Split(r.next(), ",")
	for r.before(end) {
		row, err := cellsOf(header, strings.Split(r.next(), ","), false)
		if err != nil {
			return err
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return r.expect(end)
}

// readTagged reads versions 2 and 3, whose rows begin with their table.
func (r *statusReader) readTagged(separator string) (*status, error) {
	s := newStatus()
	headers := map[string][]string{}
	for r.before("END") {
		cells := strings.Split(r.next(), separator)
		switch cells[0] {
		case "TIME":
			if len(cells) < 2 {
				return nil, errors.New("expected a time")
			}
			if _, err := parseDate(cells[1]); err != nil {
				return nil, err
			}
		case "HEADER":
			if len(cells) < 3 {
				return nil, errors.New("expected the names of the columns")
			}
			headers[cells[1]] = cells[2:]
		case "CLIENT_LIST", "ROUTING_TABLE":
			row, err := cellsOf(headers[cells[0]], cells[1:], true)
			if err != nil {
				return nil, err
			}
			add := s.addClient
			if cells[0] == "ROUTING_TABLE" {
				add = s.addRoute
			}
			if err := add(row); err != nil {
				return nil, err
			}
		}
	}
	return s, r.expect("END")
}

// cellsOf puts a row under the names of its columns. Trailing empty columns
// may be missing where the file's version allows it.
func cellsOf(header, cells []string, lenient bool) (map[string]string, error) {
	if len(cells) > len(header) || !lenient && len(cells) < len(header) {
		return nil, fmt.Errorf("expected %d columns but got %d", len(header), len(cells))
	}
	row := make(map[string]string, len(cells))
	for i, c := range cells {
		row[header[i]] = c
	}
	return row, nil
}

func newClient(row map[string]string) (c client, err error) {
	for _, name := range []string{"Common Name", "Real Address", "Bytes Received", "Bytes Sent", "Connected Since"} {
		if _, ok := row[name]; !ok {
			return c, fmt.Errorf("expected the column '%s'", name)
		}
	}
	c.name, c.address = row["Common Name"], row["Real Address"]
	if c.host, c.port, err = realAddress(c.address); err != nil {
		return c, err
	}
	if c.received, err = bigInt(row["Bytes Received"]); err != nil {
		return c, err
	}
	if c.sent, err = bigInt(row["Bytes Sent"]); err != nil {
		return c, err
	}
	c.since, err = parseDate(row["Connected Since"])
	return c, err
}

func newRoute(row map[string]string) (r route, err error) {
	for _, name := range []string{"Virtual Address", "Common Name", "Real Address", "Last Ref"} {
		if _, ok := row[name]; !ok {
			return r, fmt.Errorf("expected the column '%s'", name)
		}
	}
	r.name = row["Common Name"]
	if r.host, r.port, err = realAddress(row["Real Address"]); err != nil {
		return r, err
	}
	if _, err := parseDate(row["Last Ref"]); err != nil {
		return r, err
	}
	r.virtual, err = virtualAddress(row["Virtual Address"])
	return r, err
}

// parseDate reads "Thu Jun 18 08:12:15 2015", and "2024-11-25 11:58:02" of
// OpenVPN 2.5 and later.
func parseDate(s string) (time.Time, error) {
	s = strings.Join(strings.Fields(s), " ")
	for _, layout := range []string{"Mon Jan 2 15:4:5 2006", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("expected valid format: time data '%s' does not match", s)
}

func bigInt(s string) (ordered.Number, error) {
	n, ok := new(big.Int).SetString(strings.TrimSpace(s), 10)
	if !ok || len(s) > 100 {
		return "", fmt.Errorf("expected valid format: '%s' is no integer", s)
	}
	return ordered.Number(n.String()), nil
}

// realAddress splits an address from its port. OpenVPN 2.4 and later write a
// protocol before it, and brackets around IPv6; up to 2.6 there is no port after
// an address of IPv6, which then is the whole.
func realAddress(s string) (host string, port ordered.Number, err error) {
	if protocol, rest, ok := strings.Cut(s, ":"); ok && isProtocol(protocol) {
		s = rest
	}
	whole := s
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		whole = strings.TrimSuffix(inner, "]")
	}
	if a, err := netip.ParseAddr(whole); err == nil && a.Is6() {
		return addressText(a), "", nil
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", fmt.Errorf("expected valid format: '%s' has no port", s)
	}
	host = strings.TrimSuffix(strings.TrimPrefix(s[:i], "["), "]")
	a, err := netip.ParseAddr(host)
	if err != nil {
		return "", "", fmt.Errorf("expected valid format: '%s' does not appear to be an IPv4 or IPv6 address", host)
	}
	if port, err = bigInt(s[i+1:]); err != nil {
		return "", "", fmt.Errorf("expected valid format: '%s' is no port", s[i+1:])
	}
	return addressText(a), port, nil
}

// addressText writes an address as the reference does: one that maps IPv4 in
// hexadecimal groups like any other of IPv6.
func addressText(a netip.Addr) string {
	if !a.Is4In6() {
		return a.String()
	}
	b := a.As16()
	text := fmt.Sprintf("::ffff:%x:%x", int(b[12])<<8|int(b[13]), int(b[14])<<8|int(b[15]))
	if zone := a.Zone(); zone != "" {
		text += "%" + zone
	}
	return text
}

func isProtocol(s string) bool {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "-server"), "-client")
	return slices.Contains([]string{"udp", "udp4", "udp6", "tcp", "tcp4", "tcp6"}, s)
}

// virtualAddress normalises what a client reaches: a hardware address, with
// the VLAN it is in, a network, or an address.
func virtualAddress(s string) (string, error) {
	mac, vlan, tagged := strings.Cut(s, "@")
	if groups := strings.Split(mac, ":"); len(groups) == 6 && !strings.Contains(s, "::") {
		for i, g := range groups {
			n, err := strconv.ParseUint(g, 16, 8)
			if err != nil || len(g) != 2 {
				return "", fmt.Errorf("expected valid format: '%s' is no hardware address", s)
			}
			groups[i] = strconv.FormatUint(n, 16)
		}
		out := strings.Join(groups, ":")
		if tagged {
			out += "@" + vlan
		}
		return out, nil
	}
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil || p.Bits() == 0 {
			return "", fmt.Errorf("expected valid format: '%s' does not appear to be a network", s)
		}
		if p.Masked() != p {
			return "", fmt.Errorf("expected valid format: %s has host bits set", s)
		}
		return addressText(p.Addr()) + "/" + strconv.Itoa(p.Bits()), nil
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(s, "C"))
	if err != nil {
		return "", fmt.Errorf("expected valid format: '%s' does not appear to be an IPv4 or IPv6 address", s)
	}
	return addressText(a), nil
}
