package snmp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// Read reads a device into a NetJSON DeviceMonitoring object, what of it the
// device has (spec: connection §3.4). The session must be one of this package.
func Read(ctx context.Context, s connection.Session) (wispwright.JSON, error) {
	own, ok := s.(*session)
	if !ok {
		return "", fmt.Errorf("snmp: a %T is no session of SNMP", s)
	}
	r := &reader{s: own}
	document, err := r.read(ctx)
	if err != nil {
		return "", fmt.Errorf("read a device over SNMP: %w", err)
	}
	text, err := json.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("read a device over SNMP: %w", err)
	}
	return wispwright.JSON(text), nil
}

// The parts of NetJSON DeviceMonitoring that SNMP tells of.
type (
	document struct {
		Type       string     `json:"type"`
		General    general    `json:"general"`
		Resources  resources  `json:"resources"`
		Interfaces []*netif   `json:"interfaces"`
		Neighbors  []neighbor `json:"neighbors,omitempty"`
	}
	general struct {
		Hostname  string `json:"hostname,omitempty"`
		Uptime    uint64 `json:"uptime"`
		OS        string `json:"os,omitempty"`
		LocalTime int64  `json:"local_time,omitempty"`
	}
	resources struct {
		Load   []float64         `json:"load,omitempty"`
		CPUs   int               `json:"cpus,omitempty"`
		Memory map[string]uint64 `json:"memory,omitempty"`
		Swap   map[string]uint64 `json:"swap,omitempty"`
	}
	netif struct {
		Name       string     `json:"name"`
		Type       string     `json:"type"`
		Up         bool       `json:"up"`
		MAC        string     `json:"mac,omitempty"`
		MTU        uint64     `json:"mtu,omitempty"`
		Speed      uint64     `json:"speed,omitempty"`
		Statistics statistics `json:"statistics"`
		Addresses  []address  `json:"addresses,omitempty"`
		Wireless   *wireless  `json:"wireless,omitempty"`

		index string
	}
	statistics struct {
		RX uint64 `json:"rx_bytes"`
		TX uint64 `json:"tx_bytes"`
	}
	address struct {
		Address string `json:"address"`
		Mask    int    `json:"mask"`
		Family  string `json:"family"`
		Proto   string `json:"proto"`
	}
	wireless struct {
		Clients []client `json:"clients"`
	}
	client struct {
		MAC string `json:"mac"`
	}
	neighbor struct {
		MAC       string `json:"mac"`
		State     string `json:"state"`
		Interface string `json:"interface"`
		IP        string `json:"ip"`
	}
)

// The tables and objects beside those of Describe.
const (
	ifTable      = ".1.3.6.1.2.1.2.2.1"
	ifNames      = ".1.3.6.1.2.1.31.1.1.1.1"
	addressTable = ".1.3.6.1.2.1.4.20.1"
	arpTable     = ".1.3.6.1.2.1.4.35.1"
	hostTime     = ".1.3.6.1.2.1.25.1.2.0"
	cpuTable     = ".1.3.6.1.2.1.25.3.3.1.2"
	memory       = ".1.3.6.1.4.1.2021.4."
	loads        = ".1.3.6.1.4.1.2021.10.1.3"
	radios       = ".1.2.840.10036.1.1.1.1"

	airTime    = ".1.3.6.1.4.1.41112.1.4.8.1.0"
	airMemory  = ".1.3.6.1.4.1.10002.1.1.1.1."
	airSwap    = ".1.3.6.1.4.1.10002.1.1.1.2."
	airLoads   = ".1.3.6.1.4.1.10002.1.1.1.4.2.1.3"
	airClients = ".1.3.6.1.4.1.14988.1.1.1.2.1.1"
)

// mostRows bounds what one table may have: a device may make up rows for ever.
const mostRows = 10_000

var errEndless = errors.New("the device has more rows than a table may have")

// reader reads one device.
type reader struct{ s *session }

func (r *reader) read(ctx context.Context) (*document, error) {
	d := &document{Type: "DeviceMonitoring", Interfaces: []*netif{}}
	first, err := r.s.get(ctx, sysName, sysDescr, sysUpTime)
	if err != nil {
		return nil, err
	}
	for _, v := range first {
		switch v.Name {
		case sysName:
			d.General.Hostname = text(v)
		case sysDescr:
			d.General.OS = text(v)
		case sysUpTime:
			d.General.Uptime = number(v) / 100
		}
	}
	for _, part := range []func(context.Context, *document) error{r.clock, r.memory, r.load, r.interfaces, r.addresses, r.wireless, r.neighbors} {
		if err := part(ctx, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// clock reads the local time.
func (r *reader) clock(ctx context.Context, d *document) error {
	oid := hostTime
	if r.s.connector.AirOS {
		oid = airTime
	}
	values, err := r.optional(ctx, oid)
	if v, ok := values[oid]; ok {
		if raw, isBytes := v.Value.([]byte); isBytes {
			d.General.LocalTime = dateAndTime(raw)
		}
	}
	return err
}

// dateAndTime reads a DateAndTime of 8 or 11 octets (RFC 2579) as seconds since
// 1970; 0 when it is none.
func dateAndTime(b []byte) int64 {
	if len(b) != 8 && len(b) != 11 {
		return 0
	}
	zone := time.UTC
	if len(b) == 11 {
		offset := int(b[9])*3600 + int(b[10])*60
		if b[8] == '-' {
			offset = -offset
		}
		zone = time.FixedZone("", offset)
	}
	return time.Date(int(b[0])<<8|int(b[1]), time.Month(b[2]), int(b[3]), int(b[4]), int(b[5]), int(b[6]), 0, zone).Unix()
}

// memory reads main memory and swap, in bytes.
func (r *reader) memory(ctx context.Context, d *document) error {
	ram := map[string]string{"total": memory + "5.0", "free": memory + "11.0", "shared": memory + "13.0", "buffered": memory + "14.0", "cached": memory + "15.0"}
	swap := map[string]string{"total": memory + "3.0", "free": memory + "4.0"}
	if r.s.connector.AirOS {
		ram = map[string]string{"total": airMemory + "1.0", "free": airMemory + "2.0", "buffered": airMemory + "3.0", "cached": airMemory + "4.0"}
		swap = map[string]string{"total": airSwap + "1.0", "free": airSwap + "2.0"}
	}
	read := func(oids map[string]string) (map[string]uint64, error) {
		var list []string
		for _, oid := range oids {
			list = append(list, oid)
		}
		slices.Sort(list)
		values, err := r.optional(ctx, list...)
		out := map[string]uint64{}
		for name, oid := range oids {
			if v, ok := values[oid]; ok {
				out[name] = number(v) << 10
			}
		}
		return out, err
	}
	var err error
	if d.Resources.Memory, err = read(ram); err != nil {
		return err
	}
	d.Resources.Swap, err = read(swap)
	return err
}

// load reads the load and counts processors.
func (r *reader) load(ctx context.Context, d *document) error {
	oid := loads
	if r.s.connector.AirOS {
		oid = airLoads
	}
	rows, err := r.walk(ctx, oid)
	if err != nil {
		return err
	}
	for _, v := range rows {
		f, err := strconv.ParseFloat(strings.TrimSpace(text(v)), 64)
		if err != nil {
			f = float64(number(v))
		}
		if len(d.Resources.Load) < 3 {
			d.Resources.Load = append(d.Resources.Load, f)
		}
	}
	if r.s.connector.AirOS {
		return nil
	}
	rows, err = r.walk(ctx, cpuTable)
	d.Resources.CPUs = len(rows)
	return err
}

// typeName is an ifType as NetJSON has it.
func typeName(n uint64) string {
	switch n {
	case 6:
		return "ethernet"
	case 24:
		return "loopback"
	case 157:
		return "wireless"
	case 209:
		return "bridge"
	}
	return "unknown"
}

// interfaces reads ifTable.
func (r *reader) interfaces(ctx context.Context, d *document) error {
	rows, err := r.walk(ctx, ifTable)
	if err != nil {
		return err
	}
	for _, v := range rows {
		column, index, ok := strings.Cut(strings.TrimPrefix(v.Name, ifTable+"."), ".")
		if !ok {
			continue
		}
		i := r.netif(d, index)
		if i == nil {
			if column != "1" {
				continue // a column of a row that has no index
			}
			i = &netif{index: index, Type: "unknown"}
			d.Interfaces = append(d.Interfaces, i)
		}
		switch column {
		case "2":
			i.Name = text(v)
		case "3":
			i.Type = typeName(number(v))
		case "4":
			i.MTU = number(v)
		case "5":
			i.Speed = number(v)
		case "6":
			i.MAC = hardware(v)
		case "8":
			i.Up = number(v) == 1
		case "10":
			i.Statistics.RX = number(v)
		case "16":
			i.Statistics.TX = number(v)
		}
	}
	return nil
}

func (r *reader) netif(d *document, index string) *netif {
	for _, i := range d.Interfaces {
		if i.index == index {
			return i
		}
	}
	return nil
}

// addresses reads ipAddrTable, which AirOS has not.
func (r *reader) addresses(ctx context.Context, d *document) error {
	if r.s.connector.AirOS {
		return nil
	}
	rows, err := r.walk(ctx, addressTable)
	if err != nil {
		return err
	}
	owner, mask := map[string]string{}, map[string]int{}
	var order []string
	for _, v := range rows {
		column, ip, ok := strings.Cut(strings.TrimPrefix(v.Name, addressTable+"."), ".")
		switch {
		case !ok:
		case column == "2":
			owner[ip] = strconv.FormatUint(number(v), 10)
			order = append(order, ip)
		case column == "3":
			mask[ip] = bits(text(v))
		}
	}
	for _, ip := range order {
		if i := r.netif(d, owner[ip]); i != nil {
			i.Addresses = append(i.Addresses, address{ip, mask[ip], "ipv4", "static"})
		}
	}
	return nil
}

// bits counts the ones of a netmask.
func bits(mask string) int {
	a, err := netip.ParseAddr(mask)
	if err != nil || !a.Is4() {
		return 0
	}
	n := 0
	for _, b := range a.As4() {
		for ; b&0x80 != 0; b <<= 1 {
			n++
		}
	}
	return n
}

// wireless marks the interfaces that answer as radios, and reads the clients of
// AirOS.
func (r *reader) wireless(ctx context.Context, d *document) error {
	rows, err := r.walk(ctx, radios)
	if err != nil {
		return err
	}
	for _, v := range rows {
		if i := r.netif(d, strings.TrimPrefix(v.Name, radios+".")); i != nil {
			i.Type, i.Wireless = "wireless", &wireless{Clients: []client{}}
		}
	}
	if !r.s.connector.AirOS {
		return nil
	}
	if rows, err = r.walk(ctx, airClients); err != nil {
		return err
	}
	for _, v := range rows {
		for _, i := range d.Interfaces {
			if i.Wireless != nil { // such a device has one radio
				i.Wireless.Clients = append(i.Wireless.Clients, client{hardware(v)})
				break
			}
		}
	}
	return nil
}

// neighbors reads ipNetToPhysicalTable, which AirOS has not.
func (r *reader) neighbors(ctx context.Context, d *document) error {
	if r.s.connector.AirOS {
		return nil
	}
	names := map[string]string{}
	rows, err := r.walk(ctx, ifNames)
	if err != nil {
		return err
	}
	for _, v := range rows {
		names[strings.TrimPrefix(v.Name, ifNames+".")] = text(v)
	}
	if rows, err = r.walk(ctx, arpTable); err != nil {
		return err
	}
	states := []string{"", "REACHABLE", "STALE", "DELAY", "PROBE", "INVALID", "UNKNOWN", "INCOMPLETE"}
	by := map[string]*neighbor{}
	var order []string
	for _, v := range rows {
		column, rest, ok := strings.Cut(strings.TrimPrefix(v.Name, arpTable+"."), ".")
		index, place, also := strings.Cut(rest, ".")
		ip := entryAddress(place)
		if !ok || !also || ip == "" {
			continue
		}
		n := by[rest]
		if n == nil {
			n = &neighbor{Interface: cmp.Or(names[index], index), IP: ip, State: "UNKNOWN"}
			by[rest], order = n, append(order, rest)
		}
		switch column {
		case "4":
			n.MAC = hardware(v)
		case "7":
			if s := number(v); s > 0 && s < uint64(len(states)) {
				n.State = states[s]
			}
		}
	}
	for _, key := range order {
		d.Neighbors = append(d.Neighbors, *by[key])
	}
	return nil
}

// entryAddress is the address of an index "type.length.octets…".
func entryAddress(index string) string {
	parts := strings.Split(index, ".")
	if len(parts) < 6 {
		return ""
	}
	raw := make([]byte, 0, 16)
	for _, p := range parts[2:] {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return ""
		}
		raw = append(raw, byte(n))
	}
	a, ok := netip.AddrFromSlice(raw)
	if !ok {
		return ""
	}
	return a.String()
}

// optional asks for objects that a device may not have, by their names.
func (r *reader) optional(ctx context.Context, oids ...string) (map[string]gosnmp.SnmpPDU, error) {
	out := map[string]gosnmp.SnmpPDU{}
	list := [][]string{oids}
	if r.s.params.Version == "1" { // where one that is missing fails all
		list = nil
		for _, oid := range oids {
			list = append(list, []string{oid})
		}
	}
	for _, some := range list {
		values, err := r.s.get(ctx, some...)
		var refused *refusedError
		if errors.As(err, &refused) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if v.Type != gosnmp.NoSuchObject && v.Type != gosnmp.NoSuchInstance && v.Type != gosnmp.Null {
				out[v.Name] = v
			}
		}
	}
	return out, nil
}

// walk reads everything below an object.
func (r *reader) walk(ctx context.Context, oid string) (rows []gosnmp.SnmpPDU, err error) {
	g := r.s.connector.client(ctx, r.s.params, r.s.address)
	if err := g.Connect(); err != nil {
		return nil, fmt.Errorf("[Errno None] Unable to connect to port %d on %s", r.s.params.Port, r.s.address)
	}
	take := func(v gosnmp.SnmpPDU) error {
		if len(rows) >= mostRows {
			return errEndless
		}
		rows = append(rows, v)
		return nil
	}
	if g.Version == gosnmp.Version1 {
		err = g.Walk(oid, take)
	} else {
		err = g.BulkWalk(oid, take)
	}
	if closed := g.Conn.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("SNMP: %w", err)
	}
	return rows, nil
}

// text is a value as text.
func text(v gosnmp.SnmpPDU) string {
	switch t := v.Value.(type) {
	case []byte:
		return strings.ToValidUTF8(strings.ReplaceAll(string(t), "\x00", ""), "")
	case string:
		return t
	}
	return ""
}

// number is a value as a number, 0 when it is none or negative.
func number(v gosnmp.SnmpPDU) uint64 {
	n := gosnmp.ToBigInt(v.Value)
	if n == nil || !n.IsUint64() {
		return 0
	}
	return n.Uint64()
}

// hardware is a MAC address as NetJSON has it, empty when it is none.
func hardware(v gosnmp.SnmpPDU) string {
	raw, ok := v.Value.([]byte)
	if !ok || len(raw) != 6 {
		return ""
	}
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])
}
