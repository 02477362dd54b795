// Package moving brings accounts from an installation of OpenWISP into this
// one and writes accounts to files: what the commands "wispwright import users"
// and "wispwright export users" do (spec: tenancy §10, §12).
package moving
