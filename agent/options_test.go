package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

func noEnv(string) (string, bool) { return "", false }

func options(t *testing.T, config string, env map[string]string, args ...string) (Options, []error) {
	t.Helper()
	tree := sandbox(t, map[string]string{identityFile: config})
	inv, err := ParseArgs(args)
	require.NoError(t, err)
	o, warnings, err := inv.Options(tree, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	require.NoError(t, err)
	return o, warnings
}

func TestDefaultOptions(t *testing.T) {
	o, warnings := options(t, "", nil)
	require.Empty(t, warnings)
	require.Equal(t, Defaults(), o)
}

func TestOptionsFromEverywhere(t *testing.T) {
	const config = "config controller 'http'\n\toption url 'https://a.example/'\n\toption interval '60'\n\toption verify_ssl '0'\n\toption key ''\n" +
		"\tlist unmanaged 'system.@led'\n\tlist unmanaged 'network.lan'\n\toption merge_config 'off'\n\toption tags 'a b'\n" +
		"config controller 'more'\n\toption interval '90'\nconfig other 'x'\n\toption interval '1'\n"
	o, warnings := options(t, config, map[string]string{"CONNECT_TIMEOUT": "7", "MAX_TIME": "8", "MODEL": "not ours", "INTERVAL": ""},
		"--max-time", "9", "--registration_interval=4", "--management-interval", "3", "--test-script=/x=y", "--default-hostname", "*", "--key", "", "word", "--nope")
	require.Empty(t, warnings)
	require.Equal(t, "https://a.example", o.URL, "one trailing slash goes")
	require.Equal(t, 90*time.Second, o.Interval, "a later section wins")
	require.True(t, o.HTTP.SkipVerify)
	require.False(t, o.MergeConfig)
	require.Equal(t, []string{"system.@led", "network.lan"}, o.Unmanaged)
	require.Equal(t, "a b", o.Tags)
	require.Equal(t, 7*time.Second, o.HTTP.ConnectTimeout)
	require.Equal(t, 9*time.Second, o.HTTP.MaxTime, "a flag wins over the environment")
	require.Equal(t, 4*time.Second, o.RegistrationInterval)
	require.Equal(t, 3*time.Second, o.ManagementInterval)
	require.Equal(t, "/x=y", o.TestScript)
	require.Equal(t, "*", o.DefaultHostname)
	require.Empty(t, o.Info.Model)
}

func TestEveryOptionOfTheDocumentation(t *testing.T) {
	values := map[string]string{"url": "http://x", "uuid": "u", "key": "k", "shared_secret": "s", "unmanaged": "a.b", "tags": "t"}
	names := strings.Fields(`url interval management_interval registration_interval verify_ssl uuid key shared_secret consistent_key
		hardware_id_script hardware_id_key bootup_delay merge_config unmanaged test_config test_retries test_script connect_timeout max_time
		capath cacert mac_interface management_interface default_hostname pre_reload_hook post_reload_hook post_reload_delay
		post_registration_hook checksum_max_retries checksum_retry_delay tags`)
	for _, name := range names {
		value := values[name]
		if value == "" {
			value = "4"
			if strings.HasPrefix(name, "verify") || strings.HasSuffix(name, "_config") || strings.HasSuffix(name, "_key") {
				value = "0"
			}
		}
		fromUCI, warnings := options(t, "config controller 'http'\n\toption "+name+" '"+value+"'\n", nil)
		require.Empty(t, warnings)
		fromFlag, _ := options(t, "", nil, "--"+strings.ReplaceAll(name, "_", "-"), value)
		fromEnv, _ := options(t, "", map[string]string{strings.ToUpper(name): value})
		require.Equal(t, fromUCI, fromFlag, name)
		require.Equal(t, fromUCI, fromEnv, name)
		require.NotEqual(t, Defaults(), fromUCI, name)
	}
}

func TestMistakesInOptions(t *testing.T) {
	o, warnings := options(t, "config controller 'http'\n\toption url 'http://x'\n\toption interval 'soon'\n\toption verify_ssl 'maybe'\n", map[string]string{"TEST_RETRIES": "0"})
	require.Len(t, warnings, 3)
	require.ErrorContains(t, warnings[0], "option interval")
	require.ErrorContains(t, warnings[2], "variable TEST_RETRIES")
	d := Defaults()
	d.URL = "http://x"
	require.Equal(t, d, o, "what is not understood leaves its option as it was: certificates are verified")

	_, warnings = options(t, "config 'x\n", nil)
	require.Len(t, warnings, 1)

	for _, args := range [][]string{{"--nope"}, {"-x"}, {"--"}, {"-url", "x"}} {
		_, err := ParseArgs(args)
		require.ErrorContains(t, err, "Invalid option: "+args[0])
	}
	_, err := ParseArgs([]string{"--url"})
	require.ErrorContains(t, err, "--url needs a value")
	inv, err := ParseArgs([]string{"--interval", "soon"})
	require.NoError(t, err)
	_, _, err = inv.Options(sandbox(t, nil), noEnv)
	require.ErrorContains(t, err, "--interval")
}

func TestVersionAndHelpStopTheParsing(t *testing.T) {
	for _, arg := range []string{"--version", "-v"} {
		inv, err := ParseArgs([]string{"--url", "x", arg, "--nope"})
		require.NoError(t, err)
		require.True(t, inv.Version)
	}
	inv, err := ParseArgs([]string{"-h"})
	require.NoError(t, err)
	require.True(t, inv.Help)
	for _, s := range settings() {
		require.Contains(t, Usage(), "--"+strings.ReplaceAll(s.name, "_", "-"))
	}
	inv, err = ParseArgs([]string{"--root", "/tmp", "-f"})
	require.NoError(t, err)
	require.Equal(t, "/tmp", inv.Root)
	require.True(t, inv.Foreground)
}

func TestFileStore(t *testing.T) {
	tree := sandbox(t, map[string]string{
		checksumFile: "HTTP/1.1 200 OK\r\nX-Openwisp-Controller: true\r\n\r\n0123",
		identityFile: "config controller 'mine'\n\toption url 'http://x'\n\toption shared_secret 'it''s'\n\toption uuid ''\n",
	})
	s := FileStore{Tree: tree}
	sum, err := s.Checksum()
	require.NoError(t, err)
	require.Equal(t, "0123", sum, "the original's file is understood")
	require.NoError(t, s.SetChecksum("4567"))
	sum, err = s.Checksum()
	require.NoError(t, err)
	require.Equal(t, "4567", sum)
	require.NoError(t, s.SetChecksum(""))
	require.NoError(t, s.SetChecksum(""), "removing nothing is no error")
	require.False(t, tree.exists(checksumFile))

	evil := Identity{Credentials: Credentials{UUID: "u'\n\toption x '1", Key: "k"}}
	require.NoError(t, s.SaveIdentity(evil))
	p := readPackage(tree, "openwisp")
	require.Len(t, p.Sections, 1)
	require.Equal(t, []uci.Option{{Key: "url", Values: []string{"http://x"}}, {Key: "uuid", Values: []string{evil.UUID}}, {Key: "key", Values: []string{"k"}}}, p.Sections[0].Options)

	empty := sandbox(t, nil)
	require.NoError(t, FileStore{Tree: empty}.SaveIdentity(Identity{Credentials: Credentials{UUID: "u", Key: "k"}}))
	require.Equal(t, "http=controller uuid=u key=k", squeeze(t, empty, "openwisp"))
}
