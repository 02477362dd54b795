package snmp

import (
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/stretchr/testify/require"
)

func TestTimes(t *testing.T) {
	utc := []byte{0x07, 0xEA, 11, 30, 1, 2, 3, 0}
	want := time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC).Unix()
	require.Equal(t, want, dateAndTime(utc))
	require.Equal(t, want-2*3600-1800, dateAndTime(append(utc, '+', 2, 30)))
	require.Equal(t, want+3600, dateAndTime(append(utc, '-', 1, 0)))
	require.Zero(t, dateAndTime(utc[:7]))
	require.Zero(t, dateAndTime(nil))
}

func TestValues(t *testing.T) {
	for mask, want := range map[string]int{"255.255.255.0": 24, "255.0.0.0": 8, "0.0.0.0": 0, "255.255.255.255": 32, "x": 0, "ffff::": 0} {
		require.Equal(t, want, bits(mask), mask)
	}
	for index, want := range map[string]string{
		"1.4.192.0.2.1": "192.0.2.1", "2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1": "2001:db8::1", "1.4.192.0.2": "", "1.4.192.0.2.256": "", "1.3.1.2.3": "", "": "",
	} {
		require.Equal(t, want, entryAddress(index), index)
	}
	for kind, want := range map[uint64]string{6: "ethernet", 24: "loopback", 157: "wireless", 209: "bridge", 131: "unknown"} {
		require.Equal(t, want, typeName(kind))
	}
	require.Equal(t, "02:fc:00:00:00:05", hardware(gosnmp.SnmpPDU{Value: []byte{2, 0xfc, 0, 0, 0, 5}}))
	require.Empty(t, hardware(gosnmp.SnmpPDU{Value: []byte{1}}))
	require.Empty(t, hardware(gosnmp.SnmpPDU{Value: 1}))
	require.EqualValues(t, 7, number(gosnmp.SnmpPDU{Value: 7}))
	require.Zero(t, number(gosnmp.SnmpPDU{Value: -7}))
	require.Zero(t, number(gosnmp.SnmpPDU{Value: "x"}))
	require.Equal(t, "ab", text(gosnmp.SnmpPDU{Value: []byte("a\x00b\xff")}))
	require.Empty(t, text(gosnmp.SnmpPDU{Value: 1}))
}
