package eap_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/radius/eap"
)

func certificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "radius.example.org"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func server(t testing.TB) *eap.Server {
	s, err := eap.New(eap.Options{Certificates: []tls.Certificate{certificate(t)},
		Password: func(_ context.Context, c *eap.Credentials) (bool, string, error) {
			return c.Password == "right", "", nil
		}})
	require.NoError(t, err)
	return s
}

func TestPackets(t *testing.T) {
	for name, b := range map[string][]byte{"empty": {}, "short": {1, 1, 0}, "longer than it is": {1, 1, 0, 9, 1}, "without type": {2, 1, 0, 4}, "unknown code": {9, 1, 0, 5, 1}, "length of nothing": {2, 1, 0, 3, 1}} {
		_, err := eap.Parse(b)
		require.Error(t, err, name)
	}
	p, err := eap.Parse([]byte{2, 7, 0, 8, 1, 'a', 'n', 'n', 0, 0})
	require.NoError(t, err)
	require.Equal(t, &eap.Packet{Code: eap.Response, ID: 7, Type: eap.Identity, Data: []byte("ann")}, p)
	require.Equal(t, []byte{2, 7, 0, 8, 1, 'a', 'n', 'n'}, p.Bytes())
	require.Equal(t, []byte{3, 7, 0, 4}, (&eap.Packet{Code: eap.Success, ID: 7}).Bytes())
}

// What a client that is none may send ends in a refusal.
func TestNonsenseIsRejected(t *testing.T) {
	s := server(t)
	begin := func() (*eap.Session, byte) {
		x := s.Session()
		p, v, err := x.Step(t.Context(), &eap.Packet{Code: eap.Response, ID: 1, Type: eap.Identity, Data: []byte("ann")})
		require.NoError(t, err)
		require.Equal(t, eap.Continue, v)
		require.Equal(t, []any{eap.TTLS, []byte{0x20}}, []any{p.Type, p.Data})
		return x, p.ID
	}
	for name, p := range map[string]eap.Packet{
		"another type": {Type: 26, Data: []byte{0}}, "no data": {Type: eap.TTLS}, "start": {Type: eap.TTLS, Data: []byte{0x20}}, "nak of all": {Type: eap.Nak, Data: []byte{25}},
		"too long": {Type: eap.TTLS, Data: []byte{0xc0, 0xff, 0xff, 0xff, 0xff, 1}}, "no length": {Type: eap.TTLS, Data: []byte{0x80, 1}}, "nothing more": {Type: eap.TTLS, Data: []byte{0x40}},
		"another identity": {Type: eap.Identity, Data: []byte("bob")}, "an acknowledgement of nothing": {Type: eap.TTLS, Data: []byte{0}},
	} {
		x, id := begin()
		p.Code, p.ID = eap.Response, id
		out, v, err := x.Step(t.Context(), &p)
		require.NoError(t, err, name)
		require.Equal(t, []any{eap.Reject, eap.Failure}, []any{v, out.Code}, name)
	}
	x, id := begin()
	_, v, _ := x.Step(t.Context(), &eap.Packet{Code: eap.Response, ID: id + 1, Type: eap.TTLS, Data: []byte{0}})
	require.Equal(t, eap.Reject, v, "the answer to another request")
	x, id = begin()
	for v = eap.Continue; v == eap.Continue; { // garbage in the place of TLS, in fragments
		var p *eap.Packet
		var err error
		p, v, err = x.Step(t.Context(), &eap.Packet{Code: eap.Response, ID: id, Type: eap.TTLS, Data: append([]byte{0}, make([]byte, 100)...)})
		require.NoError(t, err)
		id = p.ID
	}
	require.Equal(t, eap.Reject, v)
}

// FuzzSession feeds a session with anything.
func FuzzSession(f *testing.F) {
	s := server(f)
	f.Add([]byte{2, 1, 0, 8, 1, 'a', 'n', 'n'}, []byte{2, 2, 0, 7, 21, 0, 22})
	f.Add([]byte{2, 1, 0, 5, 1}, []byte{2, 2, 0, 11, 21, 0x80, 0, 0, 0, 1, 22})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		x := s.Session()
		defer x.Close()
		for i, raw := range [][]byte{first, second, second} {
			if len(raw) > 3 {
				binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)))
			}
			p, err := eap.Parse(raw)
			if err != nil {
				return
			}
			out, v, err := x.Step(t.Context(), p)
			if err != nil || out == nil || v == eap.Accept {
				t.Fatalf("step %d: %v %v %v", i, out, v, err)
			}
			if v == eap.Reject {
				return
			}
		}
	})
}
