package monitoring

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// nl80211 asks the kernel for its radios, as iw does.
type nl80211 struct {
	// dump asks one question, of one interface unless that is 0, and returns the
	// attributes of each message.
	dump func(command uint8, index uint32, flags int) ([]attributes, error)
}

func newNL80211() *nl80211 {
	k := &nl80211Kernel{}
	return &nl80211{dump: k.ask}
}

// nl80211Kernel knows the number that the kernel gave the protocol.
type nl80211Kernel struct {
	mu     sync.Mutex
	family int
}

// ask sends one question to the kernel.
func (k *nl80211Kernel) ask(command uint8, index uint32, flags int) ([]attributes, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.family == 0 {
		f, err := netlink.GenlFamilyGet("nl80211")
		if err != nil {
			return nil, fmt.Errorf("nl80211: %w", err)
		}
		k.family = int(f.ID)
	}
	req := nl.NewNetlinkRequest(k.family, flags)
	req.AddData(&nl.Genlmsg{Command: command, Version: 0})
	if index != 0 {
		req.AddData(nl.NewRtAttr(unix.NL80211_ATTR_IFINDEX, nl.Uint32Attr(index)))
	}
	messages, err := req.Execute(unix.NETLINK_GENERIC, 0)
	if err != nil {
		return nil, fmt.Errorf("nl80211: %w", err)
	}
	out := make([]attributes, 0, len(messages))
	for _, m := range messages {
		if len(m) < nl.SizeofGenlmsg {
			continue
		}
		a, err := parseAttributes(m[nl.SizeofGenlmsg:])
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// attributes are those of a message, or those nested in one, by their number.
type attributes map[uint16][]byte

func parseAttributes(b []byte) (attributes, error) {
	list, err := nl.ParseRouteAttr(b)
	if err != nil {
		return nil, fmt.Errorf("nl80211: %w", err)
	}
	out := make(attributes, len(list))
	for _, a := range list {
		out[a.Attr.Type&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER)] = a.Value
	}
	return out, nil
}

func (a attributes) has(n uint16) bool { _, ok := a[n]; return ok }

// number reads an unsigned number of any width; 0 when there is none.
func (a attributes) number(n uint16) uint64 {
	b := a[n]
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(b))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	case 8:
		return binary.NativeEndian.Uint64(b)
	}
	return 0
}

// nested returns the attributes within one; none when they cannot be read.
func (a attributes) nested(n uint16) attributes {
	if b := a[n]; len(b) > 0 {
		if inner, err := parseAttributes(b); err == nil {
			return inner
		}
	}
	return nil
}

// Radios returns the wireless interfaces that are on a channel, by name.
func (k *nl80211) Radios() (map[string]*Wireless, error) {
	interfaces, err := k.dump(unix.NL80211_CMD_GET_INTERFACE, 0, syscall.NLM_F_DUMP)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*Wireless, len(interfaces))
	for _, a := range interfaces {
		name := strings.TrimRight(string(a[unix.NL80211_ATTR_IFNAME]), "\x00")
		index := uint32(a.number(unix.NL80211_ATTR_IFINDEX))
		mode := mode(a.number(unix.NL80211_ATTR_IFTYPE))
		if name == "" || index == 0 || mode == "" {
			continue
		}
		w := &Wireless{
			SSID: strings.ToValidUTF8(string(a[unix.NL80211_ATTR_SSID]), "\uFFFD"), Mode: mode,
			Frequency: int(a.number(unix.NL80211_ATTR_WIPHY_FREQ)),
			TxPower:   int(int32(a.number(unix.NL80211_ATTR_WIPHY_TX_POWER_LEVEL))) / 100,
			Country:   k.country(),
		}
		w.Channel = channel(w.Frequency)
		stations, err := k.dump(unix.NL80211_CMD_GET_STATION, index, syscall.NLM_F_DUMP)
		if err != nil {
			stations = nil // drivers that cannot list them
		}
		newest := w.stations(stations)
		w.HTMode = htmode(a.number(unix.NL80211_ATTR_CHANNEL_WIDTH), newest, a.has(unix.NL80211_ATTR_CHANNEL_WIDTH))
		w.Noise = k.noise(index, w.Frequency)
		if w.Channel == 0 {
			out[name] = nil // not up: a wireless interface without details
			continue
		}
		out[name] = w
	}
	return out, nil
}

// mode is the document's word for a type of interface; "" for those that are no
// interfaces of anybody, such as a monitor's.
func mode(t uint64) string {
	switch t {
	case unix.NL80211_IFTYPE_ADHOC:
		return "adhoc"
	case unix.NL80211_IFTYPE_STATION, unix.NL80211_IFTYPE_P2P_CLIENT:
		return "station"
	case unix.NL80211_IFTYPE_AP, unix.NL80211_IFTYPE_AP_VLAN, unix.NL80211_IFTYPE_P2P_GO:
		return accessPoint
	case unix.NL80211_IFTYPE_MESH_POINT:
		return "802.11s"
	}
	return ""
}

// country is the regulatory domain; "" when the kernel does not say.
func (k *nl80211) country() string {
	list, err := k.dump(unix.NL80211_CMD_GET_REG, 0, 0)
	if err != nil || len(list) == 0 {
		return ""
	}
	return strings.TrimRight(string(list[0][unix.NL80211_ATTR_REG_ALPHA2]), "\x00")
}

// noise is that of the channel in use, in dBm; 0 when the driver does not measure.
func (k *nl80211) noise(index uint32, frequency int) int {
	list, err := k.dump(unix.NL80211_CMD_GET_SURVEY, index, syscall.NLM_F_DUMP)
	if err != nil {
		return 0
	}
	for _, a := range list {
		s := a.nested(unix.NL80211_ATTR_SURVEY_INFO)
		if int(s.number(unix.NL80211_SURVEY_INFO_FREQUENCY)) == frequency && s.has(unix.NL80211_SURVEY_INFO_NOISE) {
			return int(int8(s.number(unix.NL80211_SURVEY_INFO_NOISE)))
		}
	}
	return 0
}

// stations fills in the clients, and from them signal and rate: those of an
// access point are the means, as iwinfo has it. It returns the newest way of
// speaking that any of them uses.
func (w *Wireless) stations(list []attributes) (newest string) {
	signals, rates, n := 0, 0, 0
	for _, a := range list {
		mac := a[unix.NL80211_ATTR_MAC]
		if len(mac) != 6 {
			continue
		}
		c, generation := station(a.nested(unix.NL80211_ATTR_STA_INFO))
		c["mac"] = hardwareAddress(mac)
		c.complete()
		w.Clients = append(w.Clients, c)
		newest = max(newest, generation)
		if s, ok := number(c["signal"]); ok {
			signals, n = signals+int(s), n+1
		}
		if r, ok := c["rate"].(map[string]any); ok {
			rate, _ := number(r["tx"])
			rates += int(rate)
		}
	}
	slices.SortFunc(w.Clients, func(a, b Client) int { return strings.Compare(a["mac"].(string), b["mac"].(string)) })
	if n > 0 {
		signal := signals / n
		q, most, rate := quality(signal), 70, rates/n
		w.Signal, w.Quality, w.QualityMax, w.Bitrate = &signal, &q, &most, &rate
	}
	return newest
}

// generations in their order, as texts that sort.
const (
	generationHT  = "1HT"
	generationVHT = "2VHT"
	generationHE  = "3HE"
	generationEHT = "4EHT"
)

// station reads what the kernel knows of one station.
func station(s attributes) (Client, string) {
	c := Client{}
	flags := s[unix.NL80211_STA_INFO_STA_FLAGS]
	if len(flags) == 8 { // which are known, which of them are set
		known, set := binary.NativeEndian.Uint32(flags), binary.NativeEndian.Uint32(flags[4:])
		for key, bit := range map[string]uint{
			"authorized": unix.NL80211_STA_FLAG_AUTHORIZED, "wmm": unix.NL80211_STA_FLAG_WME, "mfp": unix.NL80211_STA_FLAG_MFP,
			"auth": unix.NL80211_STA_FLAG_AUTHENTICATED, "assoc": unix.NL80211_STA_FLAG_ASSOCIATED,
		} {
			if known&(1<<bit) != 0 {
				c[key] = set&(1<<bit) != 0
			}
		}
	}
	for key, n := range map[string]uint16{"signal": unix.NL80211_STA_INFO_SIGNAL, "signal_avg": unix.NL80211_STA_INFO_SIGNAL_AVG} {
		if s.has(n) {
			c[key] = int64(int8(s.number(n)))
		}
	}
	both := func(key string, rx, tx uint16) {
		if s.has(rx) || s.has(tx) {
			c[key] = map[string]any{"rx": int64(s.number(rx)), "tx": int64(s.number(tx))}
		}
	}
	if s.has(unix.NL80211_STA_INFO_RX_BYTES64) {
		both("bytes", unix.NL80211_STA_INFO_RX_BYTES64, unix.NL80211_STA_INFO_TX_BYTES64)
	} else {
		both("bytes", unix.NL80211_STA_INFO_RX_BYTES, unix.NL80211_STA_INFO_TX_BYTES)
	}
	both("packets", unix.NL80211_STA_INFO_RX_PACKETS, unix.NL80211_STA_INFO_TX_PACKETS)
	rx, tx := s.nested(unix.NL80211_STA_INFO_RX_BITRATE), s.nested(unix.NL80211_STA_INFO_TX_BITRATE)
	if rx != nil || tx != nil {
		c["rate"] = map[string]any{"rx": bitrate(rx), "tx": bitrate(tx)}
	}
	generation := max(generationOf(rx), generationOf(tx))
	c["ht"], c["vht"], c["he"] = generation >= generationHT, generation >= generationVHT, generation >= generationHE
	if s.has(unix.NL80211_STA_INFO_EXPECTED_THROUGHPUT) {
		c["throughput"] = int64(s.number(unix.NL80211_STA_INFO_EXPECTED_THROUGHPUT)) // kbit/s
	}
	if s.has(unix.NL80211_STA_INFO_PLINK_STATE) {
		c["mesh_plink"] = plink(s.number(unix.NL80211_STA_INFO_PLINK_STATE))
		c["mesh_llid"], c["mesh_plid"] = int64(s.number(unix.NL80211_STA_INFO_LLID)), int64(s.number(unix.NL80211_STA_INFO_PLID))
		for key, n := range map[string]uint16{
			"mesh_local_ps": unix.NL80211_STA_INFO_LOCAL_PM, "mesh_peer_ps": unix.NL80211_STA_INFO_PEER_PM, "mesh_non_peer_ps": unix.NL80211_STA_INFO_NONPEER_PM,
		} {
			if s.has(n) {
				c[key] = powerMode(s.number(n))
			}
		}
	}
	return c, generation
}

// bitrate is in kbit/s.
func bitrate(a attributes) int64 {
	if a.has(unix.NL80211_RATE_INFO_BITRATE32) {
		return int64(a.number(unix.NL80211_RATE_INFO_BITRATE32)) * 100
	}
	return int64(a.number(unix.NL80211_RATE_INFO_BITRATE)) * 100
}

func generationOf(a attributes) string {
	switch {
	case a.has(unix.NL80211_RATE_INFO_EHT_MCS):
		return generationEHT
	case a.has(unix.NL80211_RATE_INFO_HE_MCS):
		return generationHE
	case a.has(unix.NL80211_RATE_INFO_VHT_MCS):
		return generationVHT
	case a.has(unix.NL80211_RATE_INFO_MCS):
		return generationHT
	}
	return ""
}

// htmode is UCI's word for the width of a channel: "HE80".
func htmode(width uint64, newest string, known bool) string {
	widths := map[uint64]int{
		unix.NL80211_CHAN_WIDTH_20: 20, unix.NL80211_CHAN_WIDTH_40: 40, unix.NL80211_CHAN_WIDTH_80: 80,
		unix.NL80211_CHAN_WIDTH_80P80: 160, unix.NL80211_CHAN_WIDTH_160: 160, unix.NL80211_CHAN_WIDTH_320: 320,
	}
	mhz := widths[width]
	switch {
	case !known:
		return ""
	case mhz == 0:
		return "NOHT"
	}
	least := generationHT
	if mhz >= 80 {
		least = generationVHT
	}
	if mhz >= 320 {
		least = generationEHT
	}
	return max(newest, least)[1:] + strconv.Itoa(mhz)
}

func plink(state uint64) string {
	names := []string{"LISTEN", "OPN_SNT", "OPN_RCVD", "CNF_RCVD", "ESTAB", "HOLDING", "BLOCKED"}
	if state < uint64(len(names)) {
		return names[state]
	}
	return "UNKNOWN"
}

func powerMode(m uint64) string {
	names := []string{"UNKNOWN", "ACTIVE", "LIGHT SLEEP", "DEEP SLEEP"}
	if m < uint64(len(names)) {
		return names[m]
	}
	return "UNKNOWN"
}
