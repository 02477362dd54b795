package monitoring

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Vendors finds who made a machine by its MAC address; "" if that is unknown.
type Vendors interface {
	Vendor(mac string) string
}

// transform changes a valid document into what is stored (spec: monitoring §8.1).
func transform(doc *ordered.Object, vendors Vendors) {
	interfaces, _ := list(doc, "interfaces")
	for _, v := range interfaces {
		i, _ := v.(*ordered.Object)
		numbersOfSignals(object(object(i, "mobile"), "signal"))
		transformWireless(object(i, "wireless"), vendors)
	}
	if vendors == nil {
		return
	}
	for _, name := range []string{"neighbors", "dhcp_leases"} {
		items, _ := list(doc, name)
		for _, v := range items {
			if o, ok := v.(*ordered.Object); ok {
				o.Set("vendor", vendors.Vendor(text(o, "mac")))
			}
		}
	}
}

// numbersOfSignals makes numbers of texts that are some, and drops what is none.
func numbersOfSignals(signal *ordered.Object) {
	for _, v := range signal.All() {
		section, ok := v.(*ordered.Object)
		if !ok {
			continue
		}
		var none []string
		for name, value := range section.All() {
			s, isText := value.(string)
			if _, isNumber := value.(ordered.Number); isNumber {
				continue
			}
			f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
			if !isText || err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
				none = append(none, name)
				continue
			}
			section.Set(name, ordered.Number(strconv.FormatFloat(f, 'f', -1, 64)))
		}
		for _, name := range none {
			section.Delete(name)
		}
	}
}

func transformWireless(wireless *ordered.Object, vendors Vendors) {
	if wireless == nil {
		return
	}
	clients, _ := list(wireless, "clients")
	htmode := text(wireless, "htmode")
	for _, v := range clients {
		c, ok := v.(*ordered.Object)
		if !ok {
			continue
		}
		abilities(c, htmode)
		if vendors != nil {
			c.Set("vendor", vendors.Vendor(text(c, "mac")))
		}
	}
	if kbits, ok := number(wireless, "bitrate"); ok {
		wireless.Set("bitrate", ordered.Number(strconv.FormatFloat(math.Round(kbits/100)/10, 'f', -1, 64)))
	}
}

// abilities forgets what a client cannot show at a radio that has not the mode itself.
func abilities(c *ordered.Object, htmode string) {
	unknownIf := func(always bool, names ...string) {
		for _, name := range names {
			if f := flag(c, name); f != nil && (always || !*f) || always && c.Has(name) {
				c.Set(name, nil)
			}
		}
	}
	switch {
	case htmode == "":
	case htmode == "NOHT":
		c.Set("ht", nil)
		c.Set("vht", nil)
		unknownIf(true, "he")
	case strings.HasPrefix(htmode, "HT"):
		unknownIf(false, "vht", "he")
	case strings.HasPrefix(htmode, "VHT"):
		unknownIf(false, "he")
	}
}

// technology returns the section of the most evolved technology of a modem that is known,
// and its number, or nothing (spec: monitoring §9).
func technology(signal *ordered.Object) (section *ordered.Object, index int) {
	known := accessTechnologies()
	for i, t := range slices.Backward(known) {
		if s := object(signal, t.name); s != nil {
			return s, i
		}
	}
	return nil, 0
}
