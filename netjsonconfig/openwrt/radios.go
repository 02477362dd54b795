package openwrt

import (
	"slices"
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

const mac80211 = "mac80211"

// radios writes wireless devices (§8.9).
func radios(f *njc.Forward) error { return writeRadios(f, false) }

// legacyRadios is radios of the firmware of OpenWISP 1, where every radio says
// whether it is disabled (§14).
func legacyRadios(f *njc.Forward) error { return writeRadios(f, true) }

func writeRadios(f *njc.Forward, sayEnabled bool) error {
	list := value.Objects(f.Config, "radios")
	sections := make([]*njc.Section, 0, len(list))
	for _, o := range list {
		s := radio(o, f.DSA)
		note(f, device, s.Name, san(s.Name))
		if _, ok := s.Get("disabled"); !ok && sayEnabled {
			s.Set("disabled", false)
		}
		sections = append(sections, s)
	}
	f.Native.Add("wireless", sections...)
	return nil
}

func radio(o *ordered.Object, dsa bool) *njc.Section {
	s := section("wifi-device", value.Str(o, "name"), o.Len()+3)
	protocol := strings.TrimPrefix(value.Str(o, "protocol"), "802.11")
	channel := value.Number(value.Of(o, "channel"))
	driver := orDefault(value.Str(o, "driver"), mac80211)
	for key, v := range o.All() {
		switch key {
		case "name", "driver", "protocol", "hwmode", "band", "htmode":
			continue
		case "channel_width":
			if driver == mac80211 {
				continue
			}
		case "channel":
			if channel == 0 {
				v = "auto"
			}
		case "tx_power":
			key = "txpower"
		case "country":
			if t, ok := v.(string); ok {
				v = strings.ToUpper(t)
			}
		}
		put(s, key, v)
	}
	put(s, "type", driver)
	if driver == mac80211 {
		mode := value.Str(o, "htmode")
		if mode == "" {
			mode = htmode(protocol, memberText(o, "channel_width"))
		}
		put(s, "htmode", mode)
	} else if v, ok := o.Get("htmode"); ok {
		put(s, "htmode", v)
	}
	if dsa {
		put(s, "band", orDefault(value.Str(o, "band"), band(value.Str(o, "hwmode"), protocol, channel)))
	} else {
		put(s, "hwmode", orDefault(value.Str(o, "hwmode"), hwmode(value.Str(o, "band"), protocol, channel)))
	}
	return s
}

func htmode(protocol, width string) string {
	switch protocol {
	case "n":
		return "HT" + width
	case "ac":
		return "VHT" + width
	case "ax":
		return "HE" + width
	case "be":
		return "EHT" + width
	}
	return "NONE"
}

// band finds a radio's band where it is not given.
func band(hwmode, protocol string, channel int) string {
	switch hwmode {
	case "11a":
		return "5g"
	case "11b", "11g":
		return "2g"
	}
	switch protocol {
	case "ad":
		return "60g"
	case "b", "g":
		return "2g"
	case "a", "ac":
		return "5g"
	}
	switch {
	case channel >= 0 && channel <= 13:
		return "2g"
	case slices.Contains(channels5(), channel):
		return "5g"
	}
	return "6g"
}

// channels5 are the channels of the 5 GHz band.
func channels5() []int {
	return []int{36, 40, 44, 48, 52, 56, 60, 64, 100, 104, 108, 112, 116, 120, 124, 128, 132, 136, 140, 144, 149, 153, 157, 161, 165, 169, 173, 177}
}

// hwmode finds what OpenWrt before 21 wants to know instead of the band.
func hwmode(band, protocol string, channel int) string {
	switch band {
	case "2g":
		if protocol == "b" {
			return "11b"
		}
		return "11g"
	case "5g":
		return "11a"
	}
	switch protocol {
	case "a", "b", "g":
		return "11" + protocol
	case "ac":
		return "11a"
	}
	switch {
	case channel == 0:
		return ""
	case channel <= 13:
		return "11g"
	}
	return "11a"
}

// checkRadios refuses an automatic channel where nothing says in which band to
// look for one (§5).
func checkRadios(config *ordered.Object) error {
	for _, item := range value.List(config, "radios") { // of another type: the schema says so
		o, ok := item.(*ordered.Object)
		if !ok {
			continue
		}
		if p := value.Str(o, "protocol"); p != "802.11n" && p != "802.11ax" {
			continue
		}
		if value.Of(o, "band") != nil || value.Of(o, "hwmode") != nil {
			continue
		}
		if n, ok := value.Int(value.Of(o, "channel")); ok && n == 0 {
			// The reference points at the whole document.
			return njc.Invalid(`"channel" cannot be set to "auto" when "hwmode" or "band" property is not configured.`)
		}
	}
	return nil
}
