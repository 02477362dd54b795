package server_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/server"
)

func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "wispwright.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestConfigurationFromFileAndEnvironment(t *testing.T) {
	path := configFile(t, "database: postgres://u:hidden@db/wisp\nhttp:\n  listen: 127.0.0.1:9\n  read_timeout: 5s\n  trusted_proxies: [10.0.0.0/8]\ntenancy:\n  token_rate: none\n")
	have, concerns := parts(t)
	var err error
	have.Config, err = server.LoadConfig(path, []string{
		"HOME=/root", "WISPWRIGHT_HTTP_LISTEN=127.0.0.1:10", "WISPWRIGHT_HTTP_CORS_ORIGINS=https://a.example, https://b.example",
		"WISPWRIGHT_JOBS_WORKERS=3", "WISPWRIGHT_HTTP_ACCESS_LOG=true", "WISPWRIGHT_TEST_POSTGRES=x",
		"WISPWRIGHT_CONTROLLER_WRONG_SECRETS=7",
	}, concerns, "WISPWRIGHT_TEST_")
	require.NoError(t, err)
	want := server.DefaultConfig()
	want.Database = "postgres://u:hidden@db/wisp"
	want.HTTP.Listen = "127.0.0.1:10" // the environment goes before the file
	want.HTTP.ReadTimeout = 5 * time.Second
	want.HTTP.TrustedProxies = []string{"10.0.0.0/8"}
	want.HTTP.Origins = []string{"https://a.example", "https://b.example"}
	want.HTTP.AccessLog = true
	want.Jobs.Workers = 3
	require.Equal(t, want, have.Config)
	require.Equal(t, "none", have.Tenancy.TokenRate)
	require.Equal(t, 7, have.Controller.WrongSecrets)
	_, err = server.LoadConfig(path, nil, nil)
	require.ErrorContains(t, err, "tenancy.token_rate: no such setting", "of a concern that is not there")

	none, err := server.LoadConfig("", nil, nil)
	require.NoError(t, err)
	require.Equal(t, server.DefaultConfig(), none)
}

func TestWrongConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		file, variable, want string
	}{
		"unknown key":       {file: "http:\n  listn: x\n", want: "http.listn: no such setting"},
		"in the wrong part": {file: "listen: x\n", want: "did you mean http.listen?"},
		"unknown variable":  {variable: "WISPWRIGHT_DATABSE=x", want: "WISPWRIGHT_DATABSE: no such setting"},
		"no number":         {variable: "WISPWRIGHT_JOBS_WORKERS=many", want: "jobs.workers"},
		"no duration":       {file: "http:\n  read_timeout: soon\n", want: "http.read_timeout"},
		"no network":        {file: "http:\n  trusted_proxies: [nowhere]\n", want: `http.trusted_proxies: "nowhere" is no network`},
		"weak key":          {variable: "WISPWRIGHT_SECRET_KEY=secret", want: "secret_key: 32 characters"},
		"half of TLS":       {file: "http:\n  tls_cert: a.pem\n", want: "certificate and key are needed together"},
		"log level":         {file: "log: {level: loud}\n", want: "log.level: must be"},
		"log format":        {file: "log: {format: xml}\n", want: "log.format: must be"},
		"one connection":    {file: "sql: {conns: 1}\n", want: "sql.conns: must be 2 or more"},
		"no workers":        {file: "jobs: {workers: -3}\n", want: "jobs.workers: must be positive"},
		"negative time":     {file: "http: {header_timeout: -5s}\n", want: "http.header_timeout: must not be negative"},
		"every origin":      {file: "http: {cors_origins: ['*']}\n", want: `http.cors_origins: "*" is not https://host[:port]`},
		"origin with path":  {file: "http: {cors_origins: ['https://a.example/']}\n", want: "http.cors_origins"},
		"no rate":           {file: "tenancy: {token_rate: lots}\n", want: "tenancy.token_rate: throttle rate"},
		"old key":           {file: "old_secret_keys: [short]\n", want: "old_secret_keys: number 1 is too short"},
		"deactivated":       {file: "controller: {deactivated_registration: no}\n", want: "controller.deactivated_registration: must be refuse or accept"},
		"wrong secrets":     {file: "controller: {wrong_secrets: -2}\n", want: "controller.wrong_secrets: must be -1 or more"},
		"not YAML":          {file: "http: [", want: "read configuration"},
		"group as value":    {file: "http: yes\n", want: "http"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := server.LoadConfig(configFile(t, c.file), []string{c.variable}, server.DefaultConcerns())
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "=secret")
		})
	}
	_, err := server.LoadConfig(filepath.Join(t.TempDir(), "missing.yaml"), nil, nil)
	require.ErrorContains(t, err, "missing.yaml")
}

func TestPrintedConfigurationCanBeRead(t *testing.T) {
	c, concerns := parts(t)
	c.HTTP.Listen = "127.0.0.1:7777"
	c.HTTP.Origins = []string{"https://a.example", "https://b.example"}
	c.Tenancy.PhonePrefixes = []string{"+39"}
	var b bytes.Buffer
	require.NoError(t, server.WriteConfig(&b, c.Config, concerns))
	require.Contains(t, b.String(), "# WISPWRIGHT_HTTP_LISTEN, default: 127.0.0.1:8080\n  listen: 127.0.0.1:7777\n")
	again, others := parts(t)
	var err error
	again.Config, err = server.LoadConfig(configFile(t, b.String()), nil, others)
	require.NoError(t, err, b.String())
	require.Equal(t, c.HTTP, again.HTTP)
	require.Equal(t, c.Tenancy, again.Tenancy)
	require.Equal(t, c.Controller, again.Controller)
	require.NotContains(t, b.String(), "# \n", "every key has an explanation")

	c.Database = "postgres://wisp:very-secret@db.example/wisp?sslmode=disable"
	c.SecretKey = wispwright.Secret("0123456789abcdef0123456789abcdef")
	c.OldSecretKeys = []wispwright.Secret{"fedcba9876543210fedcba9876543210"}
	b.Reset()
	require.NoError(t, server.WriteConfig(&b, c.Config, concerns))
	require.Contains(t, b.String(), "postgres://wisp:***@db.example/wisp?sslmode=disable")
	for _, hidden := range []string{"very-secret", "0123456789abcdef", "fedcba98"} {
		require.NotContains(t, b.String(), hidden)
	}
}

func TestSecretKeyFile(t *testing.T) {
	c := server.DefaultConfig()
	c.Data = filepath.Join(t.TempDir(), "data")
	db, err := server.Open(t.Context(), c, nil)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	path := filepath.Join(c.Data, "secret.key")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	db, err = server.Open(t.Context(), c, nil)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second)
	left, err := filepath.Glob(filepath.Join(c.Data, ".new-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, os.WriteFile(path, []byte("short\n"), 0o600))
	_, err = server.Open(t.Context(), c, nil)
	require.ErrorContains(t, err, "too short")
}
