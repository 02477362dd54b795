// Package box has the boxes of boxtest under the names that the tests of this
// repository use.
package box

import (
	"testing"

	"github.com/wispwright/wispwright/controller/connection/boxtest"
)

// Password is that of the user root of every box.
const Password = boxtest.Password

// Box is a machine with a daemon.
type Box = boxtest.Box

// OpenSSH makes a box with Debian's OpenSSH; more are lines of its configuration.
func OpenSSH(t testing.TB, more string) *Box { return boxtest.OpenSSH(t, more) }

// Dropbear makes a box with Debian's Dropbear; more are options of it.
func Dropbear(t testing.TB, more string) *Box { return boxtest.Dropbear(t, more) }

// Program is the path of a program, without which the test is left out.
func Program(t testing.TB, name string) string { return boxtest.Program(t, name) }
