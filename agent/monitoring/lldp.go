package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"unicode/utf8"
)

// LLDP is what lldpd knows of the cables of the device. It is not part of NetJSON: a
// server that does not know it passes it over, for it takes members of any name.
type LLDP struct {
	// Chassis is the device itself, as its neighbours hear of it.
	Chassis Chassis `json:"chassis"`
	// Neighbors are what its cables lead to, by interface. None is an empty list.
	Neighbors []Cable `json:"neighbors"`
}

// Chassis is a host or a switch as it introduces itself.
type Chassis struct {
	// ID is what it is known by, in small letters where it is a MAC address.
	ID string `json:"id"`
	// IDType is what the id is: mac, ifname, ip, local and so on.
	IDType string `json:"id_type,omitempty"`
	// Name is its host name, Description what it says of its system.
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// Addresses are those it is managed at.
	Addresses []string `json:"addresses,omitempty"`
	// Capabilities are those that are switched on: Bridge, Router, Wlan and so on.
	Capabilities []string `json:"capabilities,omitempty"`
}

// Cable is a neighbour on an interface.
type Cable struct {
	// Interface is the device's.
	Interface string `json:"interface"`
	// Protocol is how the neighbour was heard: LLDP, CDPv2, EDP and so on.
	Protocol string `json:"protocol,omitempty"`
	// Chassis is the neighbour.
	Chassis Chassis `json:"chassis"`
	// Port is the neighbour's, PortType what it is known by, PortDescription what
	// the neighbour calls it.
	Port            string `json:"port,omitempty"`
	PortType        string `json:"port_type,omitempty"`
	PortDescription string `json:"port_description,omitempty"`
}

const (
	// maxCables bounds the neighbours in a document. Whoever shares a cable with the
	// device may invent as many as lldpd keeps.
	maxCables = 256
	// maxLLDPText bounds each of their texts, in bytes; LLDP knows no longer ones but
	// descriptions.
	maxLLDPText = 255
)

// lldp asks lldpd, where there is one. A device without it has no such part, and one
// on which it does not run says so once (Collector.Failed).
func (c *Collector) lldp(ctx context.Context, d *Document) error {
	if c.s.Run == nil {
		return nil
	}
	said, err := c.s.Run(ctx, "lldpcli", "-f", "json0", "show", "neighbors")
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var neighbors struct {
		LLDP []struct {
			Interface []lldpInterface
		}
	}
	if err := json.Unmarshal(said, &neighbors); err != nil {
		return err
	}
	if said, err = c.s.Run(ctx, "lldpcli", "-f", "json0", "show", "chassis"); err != nil {
		return err
	}
	var local struct {
		Chassis []struct {
			Chassis []lldpChassis
		} `json:"local-chassis"`
	}
	if err := json.Unmarshal(said, &local); err != nil {
		return err
	}
	out := &LLDP{Neighbors: []Cable{}}
	for _, l := range local.Chassis {
		if len(l.Chassis) > 0 {
			out.Chassis = l.Chassis[0].read()
		}
	}
	if out.Chassis.ID == "" {
		return errors.New("lldpcli does not say how it introduces this device")
	}
	for _, l := range neighbors.LLDP {
		for i := range l.Interface {
			if cable, ok := l.Interface[i].read(); ok && len(out.Neighbors) < maxCables {
				out.Neighbors = append(out.Neighbors, cable)
			}
		}
	}
	d.LLDP = out
	return nil
}

// What lldpcli prints in its layout json0, in which everything is a list.

type lldpText []struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// first is the first text and its type.
func (t lldpText) first() (value, kind string) {
	if len(t) == 0 {
		return "", ""
	}
	return cutText(t[0].Value), cutText(t[0].Type)
}

type lldpChassis struct {
	ID          lldpText `json:"id"`
	Name        lldpText `json:"name"`
	Description lldpText `json:"descr"`
	Addresses   lldpText `json:"mgmt-ip"`
	Capability  []struct {
		Type    string `json:"type"`
		Enabled bool   `json:"enabled"`
	} `json:"capability"`
}

func (l *lldpChassis) read() (c Chassis) {
	c.ID, c.IDType = l.ID.first()
	if c.IDType == "mac" {
		c.ID = strings.ToLower(c.ID)
	}
	c.Name, _ = l.Name.first()
	c.Description, _ = l.Description.first()
	for _, a := range l.Addresses {
		if a.Value != "" && len(c.Addresses) < 16 && !slices.Contains(c.Addresses, a.Value) {
			c.Addresses = append(c.Addresses, cutText(a.Value))
		}
	}
	for _, a := range l.Capability {
		if a.Enabled && a.Type != "" && len(c.Capabilities) < 16 {
			c.Capabilities = append(c.Capabilities, cutText(a.Type))
		}
	}
	return c
}

type lldpInterface struct {
	Name    string        `json:"name"`
	Via     string        `json:"via"`
	Chassis []lldpChassis `json:"chassis"`
	Port    []struct {
		ID          lldpText `json:"id"`
		Description lldpText `json:"descr"`
	} `json:"port"`
}

// read is the neighbour; none is known by less than the id of its chassis.
func (l *lldpInterface) read() (c Cable, ok bool) {
	c.Interface, c.Protocol = cutText(l.Name), cutText(l.Via)
	if len(l.Chassis) > 0 {
		c.Chassis = l.Chassis[0].read()
	}
	if len(l.Port) > 0 {
		c.Port, c.PortType = l.Port[0].ID.first()
		c.PortDescription, _ = l.Port[0].Description.first()
	}
	return c, c.Interface != "" && c.Chassis.ID != ""
}

// cutText is a text as it may stand in a document: no longer than LLDP has them, and
// without half a character at its end.
func cutText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxLLDPText {
		return s
	}
	s = s[:maxLLDPText]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
