package ovpn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/internal/ovpn"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func object(t *testing.T, text string) *ordered.Object {
	t.Helper()
	o, err := ordered.DecodeObject([]byte(text))
	require.NoError(t, err)
	return o
}

func TestTLSAuth(t *testing.T) {
	cases := []struct{ tunnel, option, path string }{
		{`{"tls_auth":"ta.key 1"}`, "ta.key 1", ""},
		{`{}`, "", ""},
		{`{"tls_auth":"  "}`, "", ""},
		{`{"tls_auth":"-- key --\nabc\n","dev":"tun0","ca":"/etc/x509/ca.pem","mode":"server"}`, "/etc/x509/tun0_tls_auth.key 0", "/etc/x509/tun0_tls_auth.key"},
		{`{"tls_auth":"key","dev":"tun0","ca":"ca.pem","mode":"p2p"}`, "tun0_tls_auth.key 1", "tun0_tls_auth.key"},
		{`{"tls_auth":"a b c","dev":"tun0"}`, "tun0_tls_auth.key 1", "tun0_tls_auth.key"},
	}
	for _, c := range cases {
		option, file := ovpn.TLSAuth(object(t, c.tunnel))
		require.Equal(t, c.path != "", file != nil, c.tunnel)
		if file == nil {
			require.Empty(t, c.path)
			continue
		}
		require.Equal(t, c.option, option)
		require.Equal(t, c.path, file.Path)
		require.Equal(t, "0600", file.Mode)
	}
}

// TestCastUndoesSpelling spells what a tunnel says and reads it back.
func TestCastUndoesSpelling(t *testing.T) {
	o := object(t, `{"remote":[{"host":"a.org","port":1194},{"host":"b.org","port":1195,"proto":"udp4"}],"data_ciphers":[{"cipher":"A","optional":false},{"cipher":"B","optional":true}],"nobind":true,"pull":false,"verb":3,"keepalive":"10 60"}`)
	read := new(ordered.Object)
	remote, _ := o.Get("remote")
	require.Equal(t, []any{"a.org 1194", "b.org 1195 udp4"}, ovpn.Remotes(remote))
	read.Set("remote", ovpn.Remotes(remote))
	ciphers, _ := o.Get("data_ciphers")
	require.Equal(t, "A:?B", ovpn.Ciphers(ciphers))
	read.Set("data_ciphers", "A:?B")
	read.Set("nobind", "1")
	read.Set("pull", "0")
	read.Set("verb", "3")
	read.Set("keepalive", "10 60")
	ovpn.Cast(read)
	require.Equal(t, o.String(), read.String())
}
