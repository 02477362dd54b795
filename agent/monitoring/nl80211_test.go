package monitoring

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// The numbers are those of the kernel's header, written down once more: what the
// test encodes must not be what the code believes.

// attr encodes an attribute as the kernel does: length, type, value, padding.
func attr(typ uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, value...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

func u8(typ uint16, v uint8) []byte { return attr(typ, []byte{v}) }
func u16(typ, v uint16) []byte      { return attr(typ, binary.NativeEndian.AppendUint16(nil, v)) }
func u32(typ uint16, v uint32) []byte {
	return attr(typ, binary.NativeEndian.AppendUint32(nil, v))
}
func u64(typ uint16, v uint64) []byte {
	return attr(typ, binary.NativeEndian.AppendUint64(nil, v))
}

func nest(typ uint16, parts ...[]byte) []byte { return attr(typ|0x8000, join(parts...)) }

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// radioKernel answers as a kernel with an access point, a mesh, a station that is
// not connected and a monitor.
func radioKernel(t *testing.T) *nl80211 {
	freq := uint32(5180)
	flags := func(known, set uint32) []byte {
		return attr(17, binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, known), set))
	}
	const authorized, wme, mfp, authenticated, associated = 1 << 1, 1 << 3, 1 << 4, 1 << 5, 1 << 7
	power := int32(2300)
	client := func(mac byte, signal int8) []byte {
		return join(attr(6, []byte{2, 0, 0, 0, 0, mac}), nest(21,
			u8(7, uint8(signal)), u8(13, uint8(signal+1)), u64(23, 1<<33), u64(24, 7), u32(9, 10), u32(10, 30),
			nest(8, u16(1, 8667), u32(5, 8667), u8(6, 9), u8(7, 2)), nest(14, u16(1, 0xffff), u32(5, 72060), u8(13, 11)),
			flags(authorized|wme|mfp|authenticated|associated, authorized|wme|authenticated|associated)))
	}
	peer := join(attr(6, []byte{2, 0, 0, 0, 0, 9}), nest(21, u8(7, uint8(0xb9)), u16(4, 1), u16(5, 2), u8(6, 4), u32(20, 1), u32(21, 2), u32(22, 3), u32(27, 42000),
		nest(8, u16(1, 650), u8(2, 7)), flags(authorized|authenticated, authorized|authenticated)))
	answers := map[uint8]map[uint32][][]byte{
		5: {0: {
			join(u32(3, 7), attr(4, []byte("wlan0\x00")), u32(5, 3), attr(52, []byte("caf\xc3\xa9")), u32(38, freq), u32(159, 3), u32(98, uint32(power))),
			join(u32(3, 8), attr(4, []byte("mesh0\x00")), u32(5, 7), u32(38, 2437), u32(159, 1), u32(98, 2000)),
			join(u32(3, 9), attr(4, []byte("sta0\x00")), u32(5, 2)),
			join(u32(3, 10), attr(4, []byte("mon0\x00")), u32(5, 6), u32(38, freq)),
		}},
		17: {7: {client(0x12, -60), client(0x11, -48)}, 8: {peer}},
		50: {
			7: {nest(84, u32(1, 5200), u8(2, 0xa0)), nest(84, u32(1, freq), u8(2, uint8(256-95)), attr(3, nil))},
			8: {nest(84, u32(1, 2437))},
		},
		31: {0: {attr(33, []byte("DE\x00"))}},
	}
	return &nl80211{dump: func(command uint8, index uint32, _ int) ([]attributes, error) {
		var out []attributes
		for _, m := range answers[command][index] {
			a, err := parseAttributes(m)
			require.NoError(t, err)
			out = append(out, a)
		}
		return out, nil
	}}
}

func TestNL80211(t *testing.T) {
	radios, err := radioKernel(t).Radios()
	require.NoError(t, err)
	require.Len(t, radios, 3)
	ap := radios["wlan0"]
	require.Equal(t, "café", ap.SSID)
	require.Equal(t, "access_point", ap.Mode)
	require.Equal(t, 36, ap.Channel)
	require.Equal(t, 5180, ap.Frequency)
	require.Equal(t, 23, ap.TxPower)
	require.Equal(t, "DE", ap.Country)
	require.Equal(t, -95, ap.Noise)
	require.Equal(t, -54, *ap.Signal)
	require.Equal(t, 56, *ap.Quality)
	require.Equal(t, 70, *ap.QualityMax)
	require.Equal(t, 866700, *ap.Bitrate)
	require.Equal(t, "HE80", ap.HTMode)
	require.Len(t, ap.Clients, 2)
	require.Equal(t, Client{
		"mac": "02:00:00:00:00:11", "auth": true, "assoc": true, "authorized": true, "wmm": true, "mfp": false, "ht": true, "vht": true, "he": true,
		"signal": int64(-48), "signal_avg": int64(-47), "bytes": map[string]any{"rx": int64(1 << 33), "tx": int64(7)},
		"packets": map[string]any{"rx": int64(10), "tx": int64(30)}, "rate": map[string]any{"rx": int64(7206000), "tx": int64(866700)},
	}, ap.Clients[0])
	mesh := radios["mesh0"]
	require.Equal(t, "802.11s", mesh.Mode)
	require.Equal(t, 6, mesh.Channel)
	require.Zero(t, mesh.Noise, "a driver that does not measure")
	require.Equal(t, "HT20", mesh.HTMode)
	peer := mesh.Clients[0]
	require.Equal(t, "ESTAB", peer["mesh_plink"])
	require.Equal(t, []any{int64(1), int64(2), "ACTIVE", "LIGHT SLEEP", "DEEP SLEEP", int64(42000), int64(-71)},
		[]any{peer["mesh_llid"], peer["mesh_plid"], peer["mesh_local_ps"], peer["mesh_peer_ps"], peer["mesh_non_peer_ps"], peer["throughput"], peer["signal"]})
	require.Nil(t, radios["sta0"], "not on a channel: no details")
	require.NotContains(t, radios, "mon0")
}

func TestNL80211Broken(t *testing.T) {
	_, err := (&nl80211{dump: func(uint8, uint32, int) ([]attributes, error) { return nil, errAbsent }}).Radios()
	require.ErrorIs(t, err, errAbsent, "a kernel without radios")
	_, err = parseAttributes([]byte{200, 0, 1, 0})
	require.Error(t, err)
	// values of odd lengths and nests that are none do not end the program
	a, err := parseAttributes(join(attr(21, []byte{1, 2, 3}), attr(3, []byte{1, 2, 3})))
	require.NoError(t, err)
	require.Zero(t, a.number(3))
	require.Empty(t, a.nested(21))
	c, _ := station(attributes{17: {1}})
	require.NotContains(t, c, "auth")
}

func TestChannels(t *testing.T) {
	for mhz, want := range map[int]int{2412: 1, 2437: 6, 2472: 13, 2484: 14, 5180: 36, 5825: 165, 5955: 1, 7115: 233, 58320: 1, 900: 0, 0: 0} {
		require.Equal(t, want, channel(mhz), mhz)
	}
}

// TestWithoutIwinfo asks the kernel on an OpenWrt that has no iwinfo, or whose
// iwinfo has no list of stations.
func TestWithoutIwinfo(t *testing.T) {
	r := recordings(t)[3]
	require.Equal(t, "no-iwinfo", r.Name)
	s := r.sources()
	s.Radios = radioKernel(t)
	d, err := NewCollector(s).Collect(t.Context(), ParseMonitored("*"))
	require.NoError(t, err)
	for _, i := range d.Interfaces {
		if i.Name == "wlan0" {
			require.Len(t, i.Wireless.Clients, 2)
			require.Equal(t, uint64(21000), i.Statistics["rx_bytes"], "turned round for the users")
		}
	}
	r = recordings(t)[0]
	delete(r.Ubus, "iwinfo assoclist")
	delete(r.Ubus, "hostapd get_clients")
	s = r.sources()
	s.Radios = radioKernel(t)
	d, err = NewCollector(s).Collect(t.Context(), ParseMonitored("*"))
	require.NoError(t, err)
	clients := map[string]int{}
	for _, i := range d.Interfaces {
		if i.Wireless != nil {
			clients[i.Name] = len(i.Wireless.Clients)
		}
	}
	require.Equal(t, map[string]int{"wlan0": 2, "mesh0": 1}, clients)
}
