package radiusd

import (
	"encoding/hex"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"layeh.com/radius"

	core "github.com/wispwright/wispwright/radius"
)

// The packets that the original sends (spec: radius §6).
func TestPacketsOfChanges(t *testing.T) {
	for want, replies := range map[string][]core.Reply{
		"2b37002c05a76221a1202b81ab3afacd6849163f1b0600002a301a0c000038df0306b2d05e0001066a616e65": {{Name: "Session-Timeout", Value: "10800"}, {Name: "CoovaChilli-Max-Total-Octets", Value: "3000000000"}, {Name: "User-Name", Value: "jane"}},
		"2b38001a12c5c52b61c0d0bd70ac8ef7937a02e801066a616e65":                                     {{Name: "User-Name", Value: "jane"}},
	} {
		p := radius.New(radius.CodeCoARequest, []byte("testing123"))
		raw, err := hex.DecodeString(want)
		require.NoError(t, err)
		p.Identifier = raw[1]
		require.Empty(t, fill(dictionary(), p, replies))
		got, err := p.Encode()
		require.NoError(t, err)
		require.Equal(t, want, hex.EncodeToString(got))
	}
}

func TestDictionary(t *testing.T) {
	p := radius.New(radius.CodeAccessAccept, []byte("x"))
	unknown := fill(dictionary(), p, []core.Reply{
		{Name: "session-timeout", Number: 1 << 40, Counted: true}, {Name: "CoovaChilli-Max-Total-Octets", Number: 5<<32 | 7, Counted: true}, {Name: "Nonsense", Value: "1"},
		{Name: "Idle-Timeout", Value: "soon"}, {Name: "Framed-IP-Address", Value: "10.0.0.1"}, {Name: "Framed-IP-Address", Value: "nowhere"}, {Name: "Class", Value: ""},
		{Name: "Tunnel-Type", Value: "13"}, {Name: "Tunnel-Type", Value: "99999999"},
	})
	require.Equal(t, []string{"Nonsense", "Idle-Timeout", "Framed-IP-Address", "Class", "Tunnel-Type"}, unknown)
	require.Equal(t, radius.Attribute{0xff, 0xff, 0xff, 0xff}, p.Get(27), "the most there is")
	require.Equal(t, []byte{0, 0, 0, 7}, vendor(p, 14559, 3), "the rest is in gigawords")
	require.Equal(t, radius.Attribute{0, 0, 0, 13}, p.Get(64))
	require.Nil(t, vendor(p, 14559, 23))
}

func TestSignatures(t *testing.T) {
	secret := []byte("testing123")
	p := radius.New(radius.CodeAccessRequest, secret)
	p.Add(userName, radius.Attribute("ann"))
	raw, err := signed(p)
	require.NoError(t, err)
	require.Equal(t, byte(messageAuthenticator), raw[20], "before everything else")
	back, err := radius.Parse(raw, secret)
	require.NoError(t, err)
	has, err := verified(back, secret)
	require.NoError(t, err)
	require.True(t, has)
	has, err = verified(back, secret)
	require.NoError(t, err, "looking changes nothing: %v", has)
	_, err = verified(back, []byte("another"))
	require.Error(t, err)
	for i := 20; i < len(raw); i++ {
		forged := append([]byte{}, raw...)
		forged[i] ^= 1
		if back, err := radius.Parse(forged, secret); err == nil {
			has, err := verified(back, secret)
			require.False(t, has && err == nil, "octet %d", i)
		}
	}
}

// A packet that is sent again is answered as before, and while it is worked on not at
// all; afterwards it is a new one.
func TestRepeatedPackets(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a := newAnswers(func() time.Time { return now })
	k := packetKey{from: netip.MustParseAddrPort("10.0.0.1:1"), code: radius.CodeAccessRequest, id: 1}
	_, first := a.begin(k)
	require.True(t, first)
	raw, first := a.begin(k)
	require.Equal(t, []any{[]byte(nil), false}, []any{raw, first})
	a.end(k, []byte("yes"))
	raw, first = a.begin(k)
	require.Equal(t, []any{[]byte("yes"), false}, []any{raw, first})
	other := k
	other.authenticator[0] = 1
	_, first = a.begin(other)
	require.True(t, first, "the number was used again")
	a.end(other, nil)
	_, first = a.begin(other)
	require.True(t, first, "what was not answered may come again")
	now = now.Add(remembered)
	_, first = a.begin(k)
	require.True(t, first)
	for i := range mostAnswers + 1000 {
		k.authenticator[1], k.authenticator[2], k.authenticator[3] = byte(i), byte(i>>8), byte(i>>16)
		a.begin(k)
	}
	require.LessOrEqual(t, len(a.known), mostAnswers+1, "a flood is bounded")
}
